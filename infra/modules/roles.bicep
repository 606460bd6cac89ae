metadata description = 'What the app\'s identity, and perhaps the person who deploys, may do. Each role is given on one resource, never on the group.'

@description('The app\'s identity, by name.')
param identityName string

@description('The storage account.')
param storageName string

@description('The registry of images.')
param registryName string

@description('The Application Insights component.')
param insightsName string

@description('A person or group that may look at pictures, results and queues with az and clip; empty for nobody.')
param operatorId string

@description('What the operator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string

// Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  // Reads and writes blobs; the only built-in data role that may set blob index tags.
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  // The queues of evaluations, those of the blob trigger, and their poison queues.
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  // Asked for by the blob trigger: it creates its queue and reads the account's properties.
  storageAccountContributor: '17d1049b-9a84-46fb-8f53-869881c3d3ab'
  // The host's diagnostic events.
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  // Telemetry, as keys are turned off.
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

var appOnStorage = [
  roles.storageBlobDataOwner
  roles.storageQueueDataContributor
  roles.storageAccountContributor
  roles.storageTableDataContributor
]
var operatorOnStorage = empty(operatorId) ? [] : [roles.storageBlobDataOwner, roles.storageQueueDataContributor]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource appRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appOnStorage: {
    name: guid(storage.id, identity.id, role)
    scope: storage
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource pullRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, roles.acrPull)
  scope: registry
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
  }
}

resource telemetryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identity.id, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
  }
}

resource operatorRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in operatorOnStorage: {
    name: guid(storage.id, operatorId, role)
    scope: storage
    properties: {
      principalId: operatorId
      principalType: operatorType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
