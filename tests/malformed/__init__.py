"""Mails as they should not be, each made by code, with what must become of them."""
