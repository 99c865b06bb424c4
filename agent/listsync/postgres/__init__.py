"""PostgreSQL: connections that never hang, notifications, and triggers that are sent.

psycopg is imported when one of them is used: only some need it.
"""
