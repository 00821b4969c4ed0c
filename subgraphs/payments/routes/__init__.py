"""Payments' HTTP doors."""
