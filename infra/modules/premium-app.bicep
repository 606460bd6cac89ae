metadata description = 'The Functions app on an Elastic Premium plan: CPUs, always one instance warm.'

@description('The app\'s name.')
param name string

@description('The plan\'s name.')
param planName string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('The size of the plan\'s instances.')
@allowed(['EP1', 'EP2', 'EP3'])
param sku string

@description('The image, with its registry and tag.')
param image string

@description('The app\'s identity.')
param identityId string

@description('What the registry is asked under.')
param identityClientId string

@description('The app\'s settings; no secrets.')
param settings object

@description('Instances that are always there.')
@minValue(1)
@maxValue(20)
param minInstances int

@description('The most instances.')
@minValue(1)
@maxValue(100)
param maxInstances int

@description('Whether the app is reached from the internet.')
param publicIngress bool

@description('The addresses that may reach the app besides Event Grid; empty for all.')
param allowedAddresses array

@description('The subnet that the app reaches out through, delegated to Microsoft.Web/serverFarms; empty: none.')
param subnetId string

var port = '8080'
var eventGridRule = {
  name: 'event-grid'
  action: 'Allow'
  priority: 100
  tag: 'ServiceTag'
  ipAddress: 'AzureEventGrid'
}
var containerSettings = {
  WEBSITES_PORT: port
  WEBSITES_ENABLE_APP_SERVICE_STORAGE: 'false'
  WEBSITES_CONTAINER_START_TIME_LIMIT: '1800'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'elastic'
  sku: { name: sku, tier: 'ElasticPremium' }
  properties: {
    reserved: true
    maximumElasticWorkerCount: maxInstances
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux,container'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: publicIngress ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true, imagePullTraffic: true }
    siteConfig: {
      linuxFxVersion: 'DOCKER|${image}'
      acrUseManagedIdentityCreds: true
      acrUserManagedIdentityID: identityClientId
      minimumElasticInstanceCount: minInstances
      functionAppScaleLimit: maxInstances
      functionsRuntimeScaleMonitoringEnabled: !empty(subnetId)
      healthCheckPath: '/api/health/ready'
      http20Enabled: true
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      remoteDebuggingEnabled: false
      ipSecurityRestrictions: empty(allowedAddresses)
        ? []
        : concat(
            [eventGridRule],
            map(range(0, length(allowedAddresses)), i => {
              name: 'allow-${i}'
              action: 'Allow'
              priority: 200 + i
              ipAddress: allowedAddresses[i]
            })
          )
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, containerSettings)
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

@description('The app\'s name.')
output name string = app.name

@description('The app\'s host name.')
output hostName string = app.properties.defaultHostName
