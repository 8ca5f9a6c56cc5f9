-- What a globe of this version wrote: two VPCs came, one was being deleted when the run was killed, and the next run was
-- killed in the middle of a create.

INSERT INTO stacks (name, account, seq) VALUES ('acme', '123456789012', 11);
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 1, 1000000, '0190a1b2-0000-7000-8000-000000000001', 'run_started', NULL, NULL, '{"command":"up","account":"123456789012","parent":0,"steps":3}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 2, 2000000, '0190a1b2-0000-7000-8000-000000000001', 'intent', 'us-east-1/ec2/vpc/main', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","run":"0190a1b2-0000-7000-8000-000000000001","address":"us-east-1/ec2/vpc/main","action":"create","id":null,"spec":{"cidr":"10.0.0.0/16"},"request":{"CidrBlock":"10.0.0.0/16"}}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 3, 3000000, '0190a1b2-0000-7000-8000-000000000001', 'created', 'us-east-1/ec2/vpc/main', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","id":"vpc-1"}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 4, 4000000, '0190a1b2-0000-7000-8000-000000000001', 'settled', 'us-east-1/ec2/vpc/main', NULL, '{"address":"us-east-1/ec2/vpc/main","id":"vpc-1","spec":{"cidr":"10.0.0.0/16"},"desired":{"CidrBlock":"10.0.0.0/16"},"outputs":{"id":"vpc"},"at":4000000}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 5, 5000000, '0190a1b2-0000-7000-8000-000000000001', 'intent', 'eu-central-1/ec2/vpc/main', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '{"token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","run":"0190a1b2-0000-7000-8000-000000000001","address":"eu-central-1/ec2/vpc/main","action":"create","id":null,"spec":{"cidr":"10.0.0.0/16"},"request":{"CidrBlock":"10.0.0.0/16"}}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 6, 6000000, '0190a1b2-0000-7000-8000-000000000001', 'created', 'eu-central-1/ec2/vpc/main', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '{"token":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","id":"vpc-2"}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 7, 7000000, '0190a1b2-0000-7000-8000-000000000001', 'settled', 'eu-central-1/ec2/vpc/main', NULL, '{"address":"eu-central-1/ec2/vpc/main","id":"vpc-2","spec":{"cidr":"10.0.0.0/16"},"desired":{"CidrBlock":"10.0.0.0/16"},"outputs":{"id":"vpc"},"at":7000000}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 8, 8000000, '0190a1b2-0000-7000-8000-000000000001', 'intent', 'us-east-1/ec2/vpc/main', 'cccccccccccccccccccccccccccccccc', '{"token":"cccccccccccccccccccccccccccccccc","run":"0190a1b2-0000-7000-8000-000000000001","address":"us-east-1/ec2/vpc/main","action":"delete","id":"vpc-1","spec":null,"request":null}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 9, 9000000, '0190a1b2-0000-7000-8000-000000000001', 'deleting', 'us-east-1/ec2/vpc/main', 'cccccccccccccccccccccccccccccccc', '{"token":"cccccccccccccccccccccccccccccccc","id":"vpc-1"}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 10, 10000000, '0190a1b2-0000-7000-8000-000000000002', 'run_started', NULL, NULL, '{"command":"up","account":"123456789012","parent":9,"steps":3}');
INSERT INTO events (stack, seq, at, run, what, address, token, payload) VALUES
    ('acme', 11, 11000000, '0190a1b2-0000-7000-8000-000000000002', 'intent', 'global/ec2/vpc/main', 'dddddddddddddddddddddddddddddddd', '{"token":"dddddddddddddddddddddddddddddddd","run":"0190a1b2-0000-7000-8000-000000000002","address":"global/ec2/vpc/main","action":"create","id":null,"spec":{"cidr":"10.0.0.0/16"},"request":{"CidrBlock":"10.0.0.0/16"}}');
INSERT INTO resources (stack, address, id, deposed, deleting, spec, desired, outputs, at) VALUES
    ('acme', 'us-east-1/ec2/vpc/main', 'vpc-1', 0, 1, '{"cidr":"10.0.0.0/16"}', '{"CidrBlock":"10.0.0.0/16"}', '{"id":"vpc"}', 4000000);
INSERT INTO resources (stack, address, id, deposed, spec, desired, outputs, at) VALUES
    ('acme', 'eu-central-1/ec2/vpc/main', 'vpc-2', 0, '{"cidr":"10.0.0.0/16"}', '{"CidrBlock":"10.0.0.0/16"}', '{"id":"vpc"}', 7000000);
INSERT INTO intents (stack, token, seq, payload, address, spec, request) VALUES
    ('acme', 'dddddddddddddddddddddddddddddddd', 11, '{"token":"dddddddddddddddddddddddddddddddd","run":"0190a1b2-0000-7000-8000-000000000002","address":"global/ec2/vpc/main","action":"create","id":null,"spec":{"cidr":"10.0.0.0/16"},"request":{"CidrBlock":"10.0.0.0/16"}}', 'global/ec2/vpc/main', '{"cidr":"10.0.0.0/16"}', '{"CidrBlock":"10.0.0.0/16"}');
