//! The AWS commercial regions, as dated data.

/// How old the list is: the date of botocore 1.43.11, from whose `partitions.json` (partition `aws`) it was taken.
pub const AWS_REGIONS_AS_OF: &str = "2026-05-20";

/// Name and place of every region of the partition `aws`, by name.
pub const AWS_REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "Cape Town"),
    ("ap-east-1", "Hong Kong"),
    ("ap-east-2", "Taipei"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
    ("ap-south-1", "Mumbai"),
    ("ap-south-2", "Hyderabad"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-southeast-3", "Jakarta"),
    ("ap-southeast-4", "Melbourne"),
    ("ap-southeast-5", "Malaysia"),
    ("ap-southeast-6", "New Zealand"),
    ("ap-southeast-7", "Thailand"),
    ("ca-central-1", "Montreal"),
    ("ca-west-1", "Calgary"),
    ("eu-central-1", "Frankfurt"),
    ("eu-central-2", "Zurich"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("eu-south-2", "Spain"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("il-central-1", "Tel Aviv"),
    ("me-central-1", "UAE"),
    ("me-south-1", "Bahrain"),
    ("mx-central-1", "Mexico"),
    ("sa-east-1", "Sao Paulo"),
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
];

/// Whether `name` is an AWS commercial region.
pub fn is_aws_region(name: &str) -> bool {
    AWS_REGIONS.binary_search_by(|(region, _)| region.cmp(&name)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_the_search_works() {
        assert!(AWS_REGIONS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(AWS_REGIONS.iter().all(|(region, _)| is_aws_region(region)));
        assert!(!is_aws_region("eu-central-9") && !is_aws_region("us-gov-west-1"));
    }
}
