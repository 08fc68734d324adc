"""Decision models and reports for electric-power marketing (电力大营销)."""

__version__ = "0.1.0"
