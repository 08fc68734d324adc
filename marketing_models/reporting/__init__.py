"""Reporting: a study becomes strings, tables and figures, in Chinese and English; no files."""

from marketing_models.reporting.language import session_language, set_language

__all__ = ["session_language", "set_language"]
