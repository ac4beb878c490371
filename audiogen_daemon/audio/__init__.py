"""Sound on its way out: ring buffer, monitor, stems and the drop folder."""
