"""From the project file to typed jobs and a content-addressed archive. Pure: no AWS, no CDK."""
