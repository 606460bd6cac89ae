metadata description = 'A virtual network with private endpoints for storage and the registry.'

@description('The network\'s name; those of its parts begin with it.')
param name string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('The network\'s addresses, at least a /16.')
param addressPrefix string

@description('The storage account.')
param storageId string

@description('The registry; its tier is Premium.')
param registryId string

var subnets = {
  // One address for each GPU replica, and twice that while revisions change over.
  apps: cidrSubnet(addressPrefix, 23, 0)
  functions: cidrSubnet(addressPrefix, 26, 8)
  endpoints: cidrSubnet(addressPrefix, 26, 9)
}

var endpoints = [
  { service: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { service: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { service: 'table', zone: 'privatelink.table.${environment().suffixes.storage}' }
  { service: 'registry', zone: 'privatelink${environment().suffixes.acrLoginServer}' }
]

resource network 'Microsoft.Network/virtualNetworks@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: subnets.apps
          delegations: [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'functions'
        properties: {
          addressPrefix: subnets.functions
          delegations: [{ name: 'serverFarms', properties: { serviceName: 'Microsoft.Web/serverFarms' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: subnets.endpoints
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource apps 'subnets' existing = {
    name: 'apps'
  }

  resource functions 'subnets' existing = {
    name: 'functions'
  }

  resource privateEndpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for endpoint in endpoints: {
    name: endpoint.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (endpoint, i) in endpoints: {
    parent: zones[i]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource connections 'Microsoft.Network/privateEndpoints@2025-09-01' = [
  for endpoint in endpoints: {
    name: '${name}-${endpoint.service}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::privateEndpoints.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.service
          properties: {
            privateLinkServiceId: endpoint.service == 'registry' ? registryId : storageId
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-09-01' = [
  for (endpoint, i) in endpoints: {
    parent: connections[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: endpoint.service, properties: { privateDnsZoneId: zones[i].id } }]
    }
  }
]

@description('The subnet of the Container Apps environment.')
output appsSubnetId string = network::apps.id

@description('The subnet that the Elastic Premium plan reaches out through.')
output functionsSubnetId string = network::functions.id
