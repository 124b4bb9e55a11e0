"""The workspace Train: trainings as they run, and models as versions. Imported when it is first shown."""
