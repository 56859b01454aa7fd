"""Guided lectures: one Markdown file each, read and checked line by line. No Streamlit."""
