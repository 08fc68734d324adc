"""Evaluation for CRM and DSM: how good a forecast was, in metrics that cannot be misaligned."""

from marketing_models.evaluation.metrics import bias_frac, coverage_frac, pinball, wape, wrmse

__all__ = ["bias_frac", "coverage_frac", "pinball", "wape", "wrmse"]
