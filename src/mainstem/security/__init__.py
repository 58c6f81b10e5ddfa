"""Policies, the gate's decisions and rewrites, audit records."""
