"""Webhooks of Radarr and Sonarr in; verified copies and scans of media servers out."""
