"""Tests of `talk_assets.sync.link.evidence`."""
