"""The words of the trade as frozen records: titles, lists, requests, outcomes."""
