"""Carry DNS questions to servers and bring answers back."""
