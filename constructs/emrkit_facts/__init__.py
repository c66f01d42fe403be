"""What is known about Amazon EMR, as packaged data with pure look-ups.

Each module answers for one table (`releases`, `applications`, `instance_types`, `security`, `iam`, `networking`,
`classifications`, `surface`), reads its file on the first look-up, and never raises for a name that it does not know:
it answers with a typed unknown. Nothing here touches a network.
"""
