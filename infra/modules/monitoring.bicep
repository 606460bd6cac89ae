metadata description = 'Log Analytics, and Application Insights on top of it.'

@description('The workspace\'s name.')
param workspaceName string

@description('The Application Insights component\'s name.')
param insightsName string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Days for which logs are kept; 30 are in the price of taking them in.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Gigabytes of logs a day after which no more are taken in until the next day; -1 for no limit.')
@minValue(-1)
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

@description('The workspace\'s resource id.')
output workspaceId string = workspace.id

@description('The component\'s name.')
output insightsName string = insights.name

@description('The component\'s resource id.')
output insightsId string = insights.id
