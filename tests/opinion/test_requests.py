"""Requests that botocore itself writes are read back as they were meant, and what AWS would refuse is found."""

import base64
import json
import unittest
from urllib.parse import urlencode

from botocore.awsrequest import prepare_request_dict
from botocore.serialize import create_serializer

import check_requests
import shapes
import wire


def recorded(signing_name, operation, parameters, protocol=None):
    """The request that botocore makes of the parameters, as the recorder writes it down; it validates nothing."""
    service = wire.model(signing_name)
    serializer = create_serializer(protocol or service.metadata["protocol"], include_validation=False)
    request = serializer.serialize_to_request(parameters, service.operation_model(operation))
    prepare_request_dict(request, endpoint_url="http://127.0.0.1")
    body, headers = request["body"], dict(request["headers"])
    if isinstance(body, dict):
        body = urlencode(body)
    body = body.encode() if isinstance(body, str) else body
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/{signing_name}/aws4_request, Signature=0"
    path = request["url"].removeprefix("http://127.0.0.1")
    return {"method": request["method"], "path": path, "headers": headers, "body": base64.b64encode(body).decode()}


RULE = {"GroupId": "sg-1", "IpPermissions": [
    {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "web & more"}]}]}
GROUP = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "Matcher": {"HttpCode": "200"},
         "Tags": [{"Key": "a", "Value": "b c"}]}
TABLE = {"TableName": "sessions", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
RECORD = {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {
    "Name": "a.example.com", "Type": "A", "TTL": 60, "SetIdentifier": "x", "Weight": 10, "ResourceRecords": [{"Value": "192.0.2.1"}]}}]}}
LIFECYCLE = {"Bucket": "files", "LifecycleConfiguration": {"Rules": [
    {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]}}
MEANT = [
    ("ec2", "AuthorizeSecurityGroupIngress", RULE),
    ("elasticloadbalancing", "CreateTargetGroup", GROUP),
    ("iam", "TagRole", {"RoleName": "web", "Tags": [{"Key": "a", "Value": "b"}]}),
    ("dynamodb", "CreateTable", TABLE),
    ("route53", "ChangeResourceRecordSets", RECORD),
    ("s3", "PutBucketLifecycleConfiguration", LIFECYCLE),
    ("s3", "ListObjectsV2", {"Bucket": "files", "Prefix": "a/", "MaxKeys": 3}),
    ("s3", "ListObjects", {"Bucket": "files", "Prefix": "a/"}),
    ("s3", "CopyObject", {"Bucket": "files", "Key": "a/b", "CopySource": "files/c"}),
    ("lambda", "CreateFunction", {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/f", "Code": {"ZipFile": b"zip"}}),
    ("monitoring", "PutMetricAlarm", {"AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}),
]


class Decoding(unittest.TestCase):
    def test_every_protocol_is_read_back_and_found_good(self):
        for service, operation, parameters in MEANT:
            with self.subTest(f"{service} {operation}"):
                request = recorded(service, operation, parameters)
                _, found, read = wire.decode(request)
                self.assertEqual((found.name, read), (operation, parameters))
                self.assertEqual(check_requests.violations_of(request)[1], [])

    def test_a_service_that_speaks_several_protocols_is_understood_in_each(self):
        for protocol in ("query", "json"):
            request = recorded("monitoring", "PutMetricAlarm", MEANT[-1][2], protocol)
            self.assertEqual(wire.decode(request)[2], MEANT[-1][2])

    def test_what_is_no_operation_is_a_violation(self):
        request = recorded("dynamodb", "CreateTable", TABLE)
        request["headers"]["X-Amz-Target"] = "DynamoDB_20120810.MakeTable"
        self.assertEqual(check_requests.violations_of(request)[1], ["dynamodb has no operation 'MakeTable'"])
        request["headers"]["Authorization"] = ""
        self.assertIn("is not signed", check_requests.violations_of(request)[1][0])


class Planted(unittest.TestCase):
    def refused(self, service, operation, parameters):
        name, found = check_requests.violations_of(recorded(service, operation, parameters))
        self.assertEqual(len(found), 1, f"{name}: {found}")
        return found[0]

    def test_a_missing_required_member(self):
        parameters = {name: value for name, value in TABLE.items() if name != "TableName"}
        self.assertEqual(self.refused("dynamodb", "CreateTable", parameters), "TableName: is required")

    def test_a_value_outside_of_an_enum(self):
        self.assertIn("'GRPC' is none of", self.refused("elasticloadbalancing", "CreateTargetGroup", {**GROUP, "Protocol": "GRPC"}))

    def test_a_value_out_of_range(self):
        self.assertIn("AWS takes at most 65535", self.refused("elasticloadbalancing", "CreateTargetGroup", {**GROUP, "Port": 70000}))

    def test_a_text_that_is_too_long(self):
        tags = {"RoleName": "web", "Tags": [{"Key": "k" * 129, "Value": ""}]}
        self.assertEqual(self.refused("iam", "TagRole", tags), "Tags[0].Key: 129 characters, AWS takes at most 128")

    def test_a_text_that_does_not_match(self):
        self.assertIn("does not match", self.refused("iam", "GetRole", {"RoleName": "a b"}))

    def test_a_member_that_aws_does_not_know(self):
        request = recorded("ec2", "AuthorizeSecurityGroupIngress", RULE)
        request["body"] = base64.b64encode(base64.b64decode(request["body"]) + b"&Groupid=sg-2").decode()
        self.assertEqual(check_requests.violations_of(request)[1], ["Groupid: AWS knows no such member"])

    def test_an_unknown_member_deep_in_json_and_in_xml(self):
        table = recorded("dynamodb", "CreateTable", TABLE)
        table["body"] = base64.b64encode(json.dumps({**TABLE, "KeySchema": [{**TABLE["KeySchema"][0], "Kind": "x"}]}).encode()).decode()
        self.assertEqual(check_requests.violations_of(table)[1], ["KeySchema[0].Kind: AWS knows no such member"])
        record = recorded("route53", "ChangeResourceRecordSets", RECORD)
        body = base64.b64decode(record["body"]).replace(b"<TTL>", b"<Ttl>").replace(b"</TTL>", b"</Ttl>")
        record["body"] = base64.b64encode(body).decode()
        self.assertIn("ResourceRecordSet.Ttl: AWS knows no such member", check_requests.violations_of(record)[1][0])

    def test_a_number_that_is_none(self):
        request = recorded("ec2", "DescribeSubnets", {"MaxResults": "many"})
        self.assertEqual(check_requests.violations_of(request)[1], ["MaxResults: is 'many', must be a integer"])

    def test_every_violation_is_counted_and_a_log_without_requests_proves_nothing(self):
        lines = [json.dumps(recorded("iam", "GetRole", {"RoleName": "a b"}))] * 2
        operations, found = check_requests.check(lines)
        self.assertEqual((operations["iam:GetRole"], list(found.values())), (2, [2]))


class Patterns(unittest.TestCase):
    def test_patterns_of_the_models_mean_in_python_what_they_mean_in_java(self):
        any_text = shapes.compiled(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*")
        self.assertTrue(any_text.fullmatch("a \U0001F600"))
        self.assertFalse(any_text.fullmatch("\x07"))
        self.assertTrue(shapes.compiled(r"[\w-.]+").fullmatch("a-b.c"))


if __name__ == "__main__":
    unittest.main()
