"""What is answered under /api/v1, one module for each part of the API."""
