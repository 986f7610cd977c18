"""Wire formats: each module turns its wire into an EditRequest and a Task into its wire."""
