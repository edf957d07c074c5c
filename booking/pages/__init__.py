"""The pages of agents, and those that citizens open by their own signed links."""
