"""The helpdesk keeps every promise of a system, and is kept in sync with Customerp."""
