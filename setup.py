"""The one build step that pyproject.toml cannot say: a wheel holds resources/ as labeltool/_resources."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithResources(build_py):
    """Copies resources/ beside the modules; an editable install finds them in the checkout."""

    def run(self) -> None:
        """Build the package, then add its files."""
        super().run()
        if not self.editable_mode:
            packed = Path(self.build_lib) / "labeltool" / "_resources"
            shutil.rmtree(packed, ignore_errors=True)
            shutil.copytree("resources", packed)


setup(cmdclass={"build_py": BuildWithResources})
