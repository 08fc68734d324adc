"""Pipelines: read the store, run studies and pages, write the site."""
