"""What the service is used for, how well it works and what it saves: figures, pages and exports."""
