import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnLoggingConfiguration, CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';

const WINDOW_SECONDS = 300;

/** AWS's own, cheapest to ask first. What each one looks for: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html */
const MANAGED_RULES: readonly { name: string; onlyCounts?: readonly string[] }[] = [
  { name: 'AWSManagedRulesAmazonIpReputationList' },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet' },
  // Its 8 KiB for a body would refuse an upload of some hundred files; the functions themselves refuse beyond 256 KiB.
  { name: 'AWSManagedRulesCommonRuleSet', onlyCounts: ['SizeRestrictions_BODY'] },
];

/** What CloudFront asks before it lets a request through: who sends too much, who is known for it, and what looks like an attack. */
export class WebFirewall extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, limit }: { deployment: Deployment; limit: number }) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      name: deployment.name,
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: visible(deployment.name),
      rules: [
        {
          name: 'rate',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit, evaluationWindowSec: WINDOW_SECONDS } },
          visibilityConfig: visible('rate'),
        },
        ...MANAGED_RULES.map(({ name, onlyCounts = [] }, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ...(onlyCounts.length > 0 && {
                ruleActionOverrides: onlyCounts.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
              }),
            },
          },
          visibilityConfig: visible(name),
        })),
      ],
    });
    this.arn = acl.attrArn;
    this.logRefusals(deployment);
  }

  /** Who was refused, and by which rule: without it nobody could tell an attack from a rule that is wrong about a client. */
  private logRefusals(deployment: Deployment): void {
    const logGroupName = `aws-waf-logs-${deployment.name}`; // WAF takes no other beginning
    const logs = new ExpiringLogGroup(this, 'Logs', { deployment, logGroupName });
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: this.arn,
      // By name: WAF takes the ARN without the `:*` at the end of the attribute.
      logDestinationConfigs: [
        Stack.of(this).formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [{ Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] }],
      },
    });
    logging.node.addDependency(logs);
  }
}

const visible = (metricName: string) => ({ cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName });
