"""One module a command: ``SUMMARY``, ``add_arguments(parser)`` and ``run(args, out) -> result``.

``--help`` must stay quick, so what a command needs is imported when it runs.
"""
