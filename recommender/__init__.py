"""Arithmetic that learns from who likes what and scores what a reader may love next."""

from recommender.default import DefaultModel as default_model

__all__ = ["default_model"]
