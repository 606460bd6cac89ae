metadata description = 'Everything that tagging pictures in Azure needs. azd up deploys it; docs/azure.md tells what it costs.'

targetScope = 'subscription'

@description('The installation\'s name; the resource group is called after it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The region. Serverless GPUs are not in every one.')
@minLength(1)
param location string

@description('gpu: Container Apps with a serverless GPU, down to nothing when idle. premium: an Elastic Premium plan on CPUs, for int8 models.')
@allowed(['gpu', 'premium'])
param hosting string = 'gpu'

@description('The GPU of each replica: T4 (16 GB) or A100 (80 GB). The subscription needs quota for it in the region.')
@allowed(['T4', 'A100'])
param gpu string = 'T4'

@description('The size of the plan\'s instances: 1, 2 or 4 cores with 3.5, 7 or 14 GB.')
@allowed(['EP1', 'EP2', 'EP3'])
param premiumSku string = 'EP2'

@description('The model that tags, by its catalogue name; perhaps with a precision, as ViT-B/32:int8. demo ships in the image.')
param model string = 'demo'

@description('What is made of models asked for without a precision: fp16 for GPUs, int8 for CPUs. Empty: fp32.')
@allowed(['', 'fp32', 'fp16', 'int8'])
param precision string = hosting == 'gpu' ? 'fp16' : 'int8'

@description('The labels to choose from; empty: those of the label set\'s file, else the model\'s own.')
param labels array = []

@description('Prompt templates for the labels, {} standing for the label.')
param templates array = []

@description('A label set\'s file inside the image, as /home/site/wwwroot/labels/cifar100.json.')
param labelSetFile string = ''

@description('event: Event Grid tells of uploads at once. scan: the host looks through the container; for networks that Event Grid cannot reach into.')
@allowed(['event', 'scan'])
param uploadTrigger string = 'event'

@description('The fewest instances. 0 lets the GPU app sleep; the first upload then waits for a GPU, the image and the model.')
@minValue(0)
@maxValue(100)
param minReplicas int = hosting == 'gpu' ? 0 : 1

@description('The most instances. Each GPU replica takes one GPU of the quota.')
@minValue(1)
@maxValue(100)
param maxReplicas int = hosting == 'gpu' ? 2 : 10

@description('When scheduled evaluations start: a six-field NCRONTAB expression, UTC. Empty: never.')
param evaluationSchedule string = ''

@description('When the sleeping GPU app is woken so that it sees its schedule: two five-field cron expressions, UTC. Absent: it is not woken.')
param wakeWindow { start: string, end: string }?

@description('Further settings of the app, as { Clip__Http__MaxPictures: \'16\' }. No secrets.')
param extraSettings object = {}

@description('How the storage account is replicated.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Days after which untouched uploads move to the cool tier; 0 for never.')
@minValue(0)
@maxValue(3650)
param coolAfterDays int = 0

@description('Days after which runs of evaluations, with the vectors that they share, are deleted; 0 for never.')
@minValue(0)
@maxValue(3650)
param deleteEvaluationsAfterDays int = 90

@description('Days for which deleted blobs and containers can be brought back.')
@minValue(1)
@maxValue(365)
param recoverableDays int = 7

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day after which no more are taken in until the next day; -1 for no limit.')
@minValue(-1)
param logDailyQuotaGb int = 2

@description('Whether storage and the registry are reached through private endpoints alone, in a virtual network of their own.')
param privateNetworking bool = false

@description('The virtual network\'s addresses, at least a /16.')
param networkAddresses string = '10.80.0.0/16'

@description('The registry\'s tier; private networking takes Premium in any case.')
@allowed(['Basic', 'Standard', 'Premium'])
param registrySku string = 'Basic'

@description('Whether the registry is reached from outside the network. Builds by az acr build need it, unless they run on an agent pool inside.')
param registryPublicAccess bool = true

@description('Whether the app is reached from the internet. Event Grid needs it.')
param publicIngress bool = true

@description('The addresses that may reach the app, as 203.0.113.0/24; empty for all.')
param allowedAddresses array = []

@description('A person or group that may look at pictures, results and queues with az and clip; empty for nobody. azd gives the one who deploys.')
param operatorId string = ''

@description('What the operator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'User'

@description('Who is told by mail when something is wrong; empty: no alerts.')
param alertEmail string = ''

@description('The app\'s image. Empty until the first one is built: then everything but the app is laid, and hooks/postprovision.sh does the rest.')
param image string = ''

var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var names = {
  storage: 'st${resourceToken}'
  registry: 'cr${resourceToken}'
  insights: 'appi-${resourceToken}'
  identity: 'id-${resourceToken}'
}
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: names.storage
    location: location
    tags: tags
    sku: storageSku
    isPrivate: privateNetworking
    coolAfterDays: coolAfterDays
    deleteEvaluationsAfterDays: deleteEvaluationsAfterDays
    recoverableDays: recoverableDays
    blobTriggerQueue: 'azure-webjobs-blobtrigger-clip-${resourceToken}'
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  name: 'registry'
  params: {
    name: names.registry
    location: location
    tags: tags
    sku: privateNetworking ? 'Premium' : registrySku
    publicAccess: registryPublicAccess || !privateNetworking
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    workspaceName: 'log-${resourceToken}'
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
  }
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  name: 'roles'
  params: {
    identityName: names.identity
    storageName: names.storage
    registryName: names.registry
    insightsName: names.insights
    operatorId: operatorId
    operatorType: operatorType
  }
  dependsOn: [storage, registry, monitoring, identity]
}

module network 'modules/network.bicep' = if (privateNetworking) {
  scope: group
  name: 'network'
  params: {
    name: 'vnet-${resourceToken}'
    location: location
    tags: tags
    addressPrefix: networkAddresses
    storageId: storage.outputs.id
    registryId: registry.outputs.id
  }
}

module events 'modules/events.bicep' = if (uploadTrigger == 'event') {
  scope: group
  name: 'events'
  params: {
    name: 'evgt-${resourceToken}'
    location: location
    tags: tags
    storageName: names.storage
  }
  dependsOn: [storage]
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  scope: group
  name: 'alerts'
  params: {
    location: location
    tags: tags
    resourceToken: resourceToken
    insightsId: monitoring.outputs.insightsId
    email: alertEmail
  }
}

module app 'app.bicep' = if (!empty(image)) {
  scope: group
  name: 'app'
  params: {
    resourceToken: resourceToken
    location: location
    tags: tags
    hosting: hosting
    gpu: gpu
    premiumSku: premiumSku
    image: image
    model: model
    precision: precision
    labels: labels
    templates: templates
    labelSetFile: labelSetFile
    uploadTrigger: uploadTrigger
    minReplicas: minReplicas
    maxReplicas: maxReplicas
    evaluationSchedule: evaluationSchedule
    wakeWindow: wakeWindow
    extraSettings: extraSettings
    publicIngress: publicIngress
    allowedAddresses: allowedAddresses
    appsSubnetId: privateNetworking ? network!.outputs.appsSubnetId : ''
    functionsSubnetId: privateNetworking ? network!.outputs.functionsSubnetId : ''
  }
  // Without its roles the app does not start.
  dependsOn: [roles]
}

// What the app is made with, for the hook that deploys it with a new image.
var appParameters = union(
  {
    resourceToken: { value: resourceToken }
    location: { value: location }
    tags: { value: tags }
    hosting: { value: hosting }
    gpu: { value: gpu }
    premiumSku: { value: premiumSku }
    model: { value: model }
    precision: { value: precision }
    labels: { value: labels }
    templates: { value: templates }
    labelSetFile: { value: labelSetFile }
    uploadTrigger: { value: uploadTrigger }
    minReplicas: { value: minReplicas }
    maxReplicas: { value: maxReplicas }
    evaluationSchedule: { value: evaluationSchedule }
    extraSettings: { value: extraSettings }
    publicIngress: { value: publicIngress }
    allowedAddresses: { value: allowedAddresses }
    appsSubnetId: { value: privateNetworking ? network!.outputs.appsSubnetId : '' }
    functionsSubnetId: { value: privateNetworking ? network!.outputs.functionsSubnetId : '' }
  },
  wakeWindow == null ? {} : { wakeWindow: { value: wakeWindow } }
)

// azd keeps what follows in its environment, where the hooks find it.

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The registry\'s name.')
output AZURE_CONTAINER_REGISTRY_NAME string = registry.outputs.name

@description('The registry\'s address.')
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer

@description('Where the pictures go.')
output CLIP_STORAGE_ACCOUNT string = storage.outputs.name

@description('The blob service, for clip\'s --blob-uri.')
output CLIP_BLOB_ENDPOINT string = storage.outputs.blobEndpoint

@description('The queue service, for clip\'s --queue-uri.')
output CLIP_QUEUE_ENDPOINT string = storage.outputs.queueEndpoint

@description('The topic of the account\'s events; empty where the container is scanned.')
output CLIP_EVENT_TOPIC string = uploadTrigger == 'event' ? events!.outputs.name : ''

@description('Where the app runs.')
output CLIP_HOSTING string = hosting

@description('The app\'s name; empty before the first image.')
output CLIP_APP_NAME string = empty(image) ? '' : app!.outputs.appName

@description('The app\'s address; empty before the first image.')
output CLIP_APP_URL string = empty(image) ? '' : app!.outputs.appUrl

@description('What hooks/postprovision.sh deploys app.bicep with, beside the image.')
output CLIP_APP_PARAMETERS object = appParameters
