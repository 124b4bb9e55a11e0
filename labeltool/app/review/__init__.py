"""Reviewing a project: where the annotation and another layer disagree, as a list that is worked through."""
