use crate::client::{Client, DAY, pass};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:t";

#[tokio::test(start_paused = true)]
async fn creating_again_is_refused_only_when_something_differs() {
    let client = Client::new();
    let create = "Action=CreateTopic&Name=t&Tags.member.1.Key=a&Tags.member.1.Value=";
    for (form, status) in [
        (format!("{create}b"), 200),
        (format!("{create}b"), 200),
        ("Action=CreateTopic&Name=t".to_owned(), 200),
        (format!("{create}c"), 400),
        ("Action=CreateTopic&Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=d".to_owned(), 400),
    ] {
        assert_eq!(client.query("sns", &form).await.0, status, "{form}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_confirms_vanishes_after_days() {
    let client = Client::new();
    client.query("sns", "Action=CreateTopic&Name=t").await;
    let subscribe = format!("Action=Subscribe&TopicArn={TOPIC}&Protocol=email&Endpoint=a@example.org");
    let (_, answer) = client.query("sns", &subscribe).await;
    assert!(answer.contains("<SubscriptionArn>pending confirmation</SubscriptionArn>"), "{answer}");
    let (_, answer) = client.query("sns", &format!("{subscribe}&ReturnSubscriptionArn=true")).await;
    assert!(answer.contains(&format!("<SubscriptionArn>{TOPIC}:")), "{answer}");
    let list = "Action=ListSubscriptions";
    assert_eq!(client.query("sns", list).await.1.matches(">PendingConfirmation<").count(), 1, "subscribed once");
    pass(4 * DAY).await;
    assert!(!client.query("sns", list).await.1.contains("PendingConfirmation"));
}
