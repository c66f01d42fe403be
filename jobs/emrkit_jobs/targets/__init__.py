"""Where things run: one protocol for AWS, LocalStack and local EMR. The only part of the job side that knows boto3."""
