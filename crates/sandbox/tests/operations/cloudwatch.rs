use serde_json::{Value, json};

use crate::client::{Client, pass};

async fn call(client: &Client, action: &str, input: Value) -> Result<Value, String> {
    client.json("monitoring", action, input).await
}

async fn state(client: &Client, member: &str) -> Value {
    let types = json!(["MetricAlarm", "CompositeAlarm"]);
    let alarms = call(client, "DescribeAlarms", json!({"AlarmTypes": types})).await.expect("alarms");
    alarms[member][0]["StateValue"].clone()
}

fn alarm(treatment: &str) -> Value {
    json!({"AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 2, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": treatment})
}

#[tokio::test(start_paused = true)]
async fn alarms_follow_their_data_and_composites_their_children() {
    let client = Client::new();
    call(&client, "PutMetricAlarm", alarm("missing")).await.expect("an alarm");
    call(&client, "PutCompositeAlarm", json!({"AlarmName": "c", "AlarmRule": "NOT OK(a)"})).await.expect("a composite");
    assert_eq!(state(&client, "MetricAlarms").await, "INSUFFICIENT_DATA");
    for (value, expected, parent) in [(3.0, "ALARM", "ALARM"), (1.0, "OK", "OK")] {
        let data = json!({"Namespace": "N", "MetricData": [{"MetricName": "M", "Value": value}]});
        call(&client, "PutMetricData", data).await.expect("stored");
        pass(60).await;
        assert_eq!(state(&client, "MetricAlarms").await, expected);
        assert_eq!(state(&client, "CompositeAlarms").await, parent);
    }
    pass(120).await;
    assert_eq!(state(&client, "MetricAlarms").await, "INSUFFICIENT_DATA", "no data came any more");
    call(&client, "PutMetricAlarm", alarm("breaching")).await.expect("an alarm");
    assert_eq!(state(&client, "MetricAlarms").await, "ALARM", "missing data breach");
}

#[tokio::test(start_paused = true)]
async fn a_child_cannot_go_before_its_parent() {
    let client = Client::new();
    let composite = json!({"AlarmName": "c", "AlarmRule": "ALARM(a)"});
    let refused = Err("ValidationError".to_owned());
    assert_eq!(call(&client, "PutCompositeAlarm", composite.clone()).await, refused, "its child is not there");
    call(&client, "PutMetricAlarm", alarm("missing")).await.expect("an alarm");
    call(&client, "PutCompositeAlarm", composite).await.expect("a composite");
    assert_eq!(call(&client, "DeleteAlarms", json!({"AlarmNames": ["a"]})).await, refused);
    assert_eq!(call(&client, "DeleteAlarms", json!({"AlarmNames": []})).await, Ok(json!({})));
    call(&client, "DeleteAlarms", json!({"AlarmNames": ["c"]})).await.expect("deleted");
    call(&client, "DeleteAlarms", json!({"AlarmNames": ["a", "never-there"]})).await.expect("deleted");
}

#[tokio::test(start_paused = true)]
async fn the_three_protocols_tell_the_same() {
    let client = Client::new();
    let form = "Action=PutMetricAlarm&AlarmName=a&Namespace=N&MetricName=M&Statistic=Sum&Period=60&EvaluationPeriods=1\
                &Threshold=2.5&ComparisonOperator=GreaterThanThreshold&Dimensions.member.1.Name=D&Dimensions.member.1.Value=1";
    assert_eq!(client.query("monitoring", form).await.0, 200);
    let found = call(&client, "DescribeAlarms", json!({})).await.expect("alarms");
    assert_eq!(found["MetricAlarms"][0]["Threshold"], json!(2.5));
    assert_eq!(found["MetricAlarms"][0]["Dimensions"], json!([{"Name": "D", "Value": "1"}]));
    let (_, text) = client.query("monitoring", "Action=DescribeAlarms").await;
    assert!(text.contains("<StateUpdatedTimestamp>20") && text.contains("<Threshold>2.5</Threshold>"), "{text}");

    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let path = "/service/GraniteServiceVersion20100801/operation/GetDashboard";
    // The number 1.
    let body = "\u{1}".to_owned();
    let (status, _) = client.send("monitoring", &cbor, path, "POST", body).await;
    assert_eq!(status, 400, "no map, no name");
    let path = path.replace("GetDashboard", "DescribeAlarms");
    let (status, body) = client.send("monitoring", &cbor, &path, "POST", String::new()).await;
    assert_eq!(status, 200);
    // A text of 21 characters, and a tag 1 in front of the double that follows it.
    let tagged = [&[0x75][..], b"StateUpdatedTimestamp", &[0xc1, 0xfb]].concat();
    assert!(body.windows(tagged.len()).any(|window| window == tagged), "moments are tagged");
}
