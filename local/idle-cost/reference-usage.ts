/**
 * What lies in a deployment that has been used and is now left alone. Everything else that an idle deployment does is read from its template.
 * Durations and sizes are estimates on the high side: nothing here has been measured on AWS.
 */
export const REFERENCE = {
  imagesGb: 10,
  modelsGb: 5,
  tableGb: 0.1,
  /** Of experiments, still within the log groups' retention. */
  experimentLogsGb: 0.5,
} as const;

/** START, END and REPORT of one invocation and a line of its own, with 26 bytes that CloudWatch adds to each. */
export const LOG_BYTES_PER_INVOCATION = 1_000;
export const BYTES_PER_GB = 1_000_000_000;

/**
 * Lambda holds five long polls of 20 seconds open to an idle queue; with little traffic it may come down to two.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const QUEUE_POLLERS = 5;
export const LONG_POLL_SECONDS = 20;

/**
 * A table or queue under a customer key asks KMS again every five minutes while it is used, as the supervisor does.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
 */
export const KEY_REQUESTS_PER_HOUR = 12;
