metadata description = 'The registry of the app\'s images. No admin user, no anonymous pull.'

@description('The registry\'s name: 5 to 50 letters and digits.')
@minLength(5)
@maxLength(50)
param name string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('The tier. Premium is needed for private endpoints, and for artifact streaming, which shortens cold starts of large images.')
@allowed(['Basic', 'Standard', 'Premium'])
param sku string

@description('Whether the registry is reached from outside the network. Builds by az acr build need it, unless they run on an agent pool inside.')
param publicAccess bool

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkRuleBypassOptions: 'AzureServices'
    policies: sku == 'Premium' ? { retentionPolicy: { status: 'enabled', days: 30 } } : {}
  }
}

@description('The registry\'s name.')
output name string = registry.name

@description('The registry\'s resource id.')
output id string = registry.id

@description('The registry\'s address.')
output loginServer string = registry.properties.loginServer
