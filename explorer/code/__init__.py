"""What a page shows, as a script that runs without this package."""
