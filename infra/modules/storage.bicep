metadata description = 'The storage account of pictures, results, models and queues, and of the Functions host itself.'

@description('The account\'s name: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

@description('How the account is replicated.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Whether only private endpoints reach the account.')
param isPrivate bool

@description('Days after which untouched uploads move to the cool tier; 0 for never. Reading a cool blob costs extra.')
@minValue(0)
@maxValue(3650)
param coolAfterDays int

@description('Days after which runs of evaluations, with the vectors that they share, are deleted; 0 for never.')
@minValue(0)
@maxValue(3650)
param deleteEvaluationsAfterDays int

@description('Days for which deleted blobs and containers can be brought back.')
@minValue(1)
@maxValue(365)
param recoverableDays int

@description('The queue that the blob trigger\'s events pass through; its name ends in the host\'s id.')
param blobTriggerQueue string

// The names of StorageLayout, on which the triggers are bound; a test holds the two against each other.
var containers = ['uploads', 'results', 'embeddings', 'datasets', 'evaluations', 'models', 'event-dead-letters']
var workQueues = ['clip-evaluations', 'clip-evaluation-shards', 'clip-evaluation-fits']
var queues = union(
  workQueues,
  map(workQueues, queue => '${queue}-poison'),
  ['webjobs-blobtrigger-poison', blobTriggerQueue]
)

var coolRule = {
  name: 'cool-uploads'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['uploads/'] }
    actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: coolAfterDays } } }
  }
}
var evaluationsRule = {
  name: 'delete-evaluations'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['evaluations/'] }
    actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: deleteEvaluationsAfterDays } } }
  }
}
var deadLettersRule = {
  name: 'delete-event-dead-letters'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['event-dead-letters/'] }
    actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
  }
}

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid is told by the account, and writes its dead letters as a trusted service.
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: recoverableDays }
    containerDeleteRetentionPolicy: { enabled: true, days: recoverableDays }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-04-01' = {
  parent: account
  name: 'default'
}

resource queueList 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: concat(
        [deadLettersRule],
        coolAfterDays > 0 ? [coolRule] : [],
        deleteEvaluationsAfterDays > 0 ? [evaluationsRule] : []
      )
    }
  }
  dependsOn: [blobs]
}

@description('The account\'s name.')
output name string = account.name

@description('The account\'s resource id.')
output id string = account.id

@description('Where its blobs are reached.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Where its queues are reached.')
output queueEndpoint string = account.properties.primaryEndpoints.queue
