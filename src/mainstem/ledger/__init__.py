"""Runs, releases, leases, evidence, agreements, audit."""
