"""Where jobs run: one protocol, three answers. The only importer of boto3."""
