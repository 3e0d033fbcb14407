"""Read posts from spreadsheets and write them back."""
