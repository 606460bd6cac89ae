metadata description = 'Alerts by mail. Each query is explained in docs/operations.md.'

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('What the rules\' names end in.')
param resourceToken string

@description('The Application Insights component that is asked.')
param insightsId string

@description('Who is told.')
param email string

var rules = [
  {
    name: 'poison'
    description: 'Messages were given up and lie in a poison queue: clip poison list.'
    severity: 1
    window: 'PT15M'
    query: 'union traces, exceptions | where message has "-poison" and message has_any ("Moving message to queue", "moved to") | summarize given_up = count()'
    column: 'given_up'
    threshold: 0
  }
  {
    name: 'tries-that-fail'
    description: 'Tries of uploads throw and are repeated: storage, memory or the model\'s session.'
    severity: 2
    window: 'PT15M'
    query: 'customMetrics | where name == "clip.uploads.faults" | summarize faults = sum(valueSum)'
    column: 'faults'
    threshold: 20
  }
  {
    name: 'bad-pictures'
    description: 'More than a quarter of the uploads cannot be used as pictures: somebody uploads something else.'
    severity: 3
    window: 'PT1H'
    query: 'customMetrics | where name == "clip.uploads" | summarize failed = sumif(valueSum, tostring(customDimensions.outcome) == "Failed"), handled = sum(valueSum) | extend share = iff(handled >= 20, 100.0 * failed / handled, 0.0)'
    column: 'share'
    threshold: 25
  }
  {
    name: 'late-tags'
    description: 'Uploads wait on the average more than five minutes for their tags: too few instances, no GPU to be had, or events that come late.'
    severity: 2
    window: 'PT15M'
    query: 'customMetrics | where name == "clip.upload.age" | summarize seconds = sum(valueSum) / sum(valueCount)'
    column: 'seconds'
    threshold: 300
  }
  {
    name: 'http-faults'
    description: 'Requests end in answers of 500 and above.'
    severity: 2
    window: 'PT15M'
    query: 'requests | where toint(resultCode) >= 500 | summarize failed = count()'
    column: 'failed'
    threshold: 10
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${resourceToken}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'clip'
    enabled: true
    emailReceivers: [{ name: 'mail', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}-${resourceToken}'
    location: location
    tags: tags
    properties: {
      displayName: 'clip: ${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [insightsId]
      evaluationFrequency: rule.window
      windowSize: rule.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.column
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [group.id] }
    }
  }
]
