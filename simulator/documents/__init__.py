"""Documents that people send and receive: CSV files, PDFs, charts."""
