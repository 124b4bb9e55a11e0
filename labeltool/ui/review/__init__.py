"""The workspace Review: where annotation and another layer differ, worked through as a list."""
