metadata description = 'The app, on what main.bicep has laid. Deployed by hooks/postprovision.sh once there is an image, and again for each new one.'

@description('What the names of this installation\'s resources end in: 13 lower-case letters and digits.')
@minLength(13)
@maxLength(13)
param resourceToken string

@description('The region.')
param location string = resourceGroup().location

@description('Tags of every resource.')
param tags object = {}

@description('gpu: Container Apps with a serverless GPU, down to nothing when idle. premium: an Elastic Premium plan on CPUs, for int8 models.')
@allowed(['gpu', 'premium'])
param hosting string = 'gpu'

@description('The GPU of each replica: T4 (16 GB) or A100 (80 GB). The subscription needs quota for it in the region.')
@allowed(['T4', 'A100'])
param gpu string = 'T4'

@description('The size of the plan\'s instances: 1, 2 or 4 cores with 3.5, 7 or 14 GB.')
@allowed(['EP1', 'EP2', 'EP3'])
param premiumSku string = 'EP2'

@description('The image, with its registry and tag.')
param image string

@description('The model that tags, by its catalogue name; perhaps with a precision, as ViT-B/32:int8. demo ships in the image.')
param model string

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

@description('When the sleeping GPU app is woken so that it sees its schedule: two five-field cron expressions, UTC. Empty: it is not woken.')
param wakeWindow { start: string, end: string }?

@description('Further settings of the app, as { Clip__Http__MaxPictures: \'16\' }. They win over those made here. No secrets.')
param extraSettings object = {}

@description('Whether the app is reached from the internet. Event Grid needs it.')
param publicIngress bool = true

@description('The addresses that may reach the app, as 203.0.113.0/24; empty for all. Event Grid\'s own ones must be among them.')
param allowedAddresses array = []

@description('The subnet of the Container Apps environment; empty: none.')
param appsSubnetId string = ''

@description('The subnet that the plan reaches out through; empty: none.')
param functionsSubnetId string = ''

// The host's id names its receipts and the blob trigger's queue. Fixed here, because otherwise it changes with the app's name, and
// because the scale rule must know the queue.
var hostId = 'clip-${resourceToken}'
var useEvents = uploadTrigger == 'event'

// A scan finds nothing while the app sleeps.
var fewestReplicas = useEvents ? minReplicas : max(1, minReplicas)

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: 'st${resourceToken}'
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: 'cr${resourceToken}'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: 'id-${resourceToken}'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: 'appi-${resourceToken}'
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: 'log-${resourceToken}'
}

var connection = {
  blobServiceUri: storage.properties.primaryEndpoints.blob
  queueServiceUri: storage.properties.primaryEndpoints.queue
  tableServiceUri: storage.properties.primaryEndpoints.table
  credential: 'managedidentity'
  clientId: identity.properties.clientId
}

// Both connections lead to the same account, under the same identity; no key is in any of them.
var connectionSettings = toObject(
  flatten([
    map(items(connection), part => { name: 'AzureWebJobsStorage__${part.key}', value: part.value })
    map(
      filter(items(connection), part => part.key != 'tableServiceUri'),
      part => { name: 'ClipStorage__${part.key}', value: part.value }
    )
  ]),
  setting => setting.name,
  setting => setting.value
)
var modelSettings = toObject(
  flatten([
    map(range(0, length(labels)), i => { name: 'Clip__Labels__${i}', value: labels[i] })
    map(range(0, length(templates)), i => { name: 'Clip__Templates__${i}', value: templates[i] })
    empty(labelSetFile) ? [] : [{ name: 'Clip__LabelSetFile', value: labelSetFile }]
    empty(precision) ? [] : [{ name: 'Clip__Precision', value: precision }]
  ]),
  setting => setting.name,
  setting => setting.value
)
var fixedSettings = {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated'
  AzureFunctionsWebHost__hostid: hostId
  AzureWebJobsDisableHomepage: 'true'
  'AzureWebJobs.TagUploadOnEvent.Disabled': useEvents ? 'false' : 'true'
  'AzureWebJobs.TagUploadOnScan.Disabled': useEvents ? 'true' : 'false'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.properties.clientId}'
  // The trigger must find a schedule, also where nothing is to be started.
  EvaluationSchedule: empty(evaluationSchedule) ? '0 0 3 * * *' : evaluationSchedule
  'AzureWebJobs.EvaluationSchedule.Disabled': empty(evaluationSchedule) ? 'true' : 'false'
  Clip__Model: model
  Clip__Device: hosting == 'gpu' ? 'cuda' : 'cpu'
  Clip__PushBundles: 'true'
}
// Of two settings whose names differ only in case, the app would see either: the list is joined before it is handed over.
var settings = union(fixedSettings, connectionSettings, modelSettings, extraSettings)

module containerApp 'modules/container-app.bicep' = if (hosting == 'gpu') {
  name: 'container-app'
  params: {
    name: 'ca-${resourceToken}'
    environmentName: 'cae-${resourceToken}'
    location: location
    tags: tags
    gpu: gpu
    image: image
    registryServer: registry.properties.loginServer
    identityId: identity.id
    workspaceId: workspace.id
    storageName: storage.name
    blobTriggerQueue: 'azure-webjobs-blobtrigger-${hostId}'
    settings: settings
    minReplicas: fewestReplicas
    maxReplicas: maxReplicas
    wakeWindow: wakeWindow
    publicIngress: publicIngress
    allowedAddresses: allowedAddresses
    subnetId: appsSubnetId
  }
}

module premiumApp 'modules/premium-app.bicep' = if (hosting == 'premium') {
  name: 'premium-app'
  params: {
    name: 'func-${resourceToken}'
    planName: 'plan-${resourceToken}'
    location: location
    tags: tags
    sku: premiumSku
    image: image
    identityId: identity.id
    identityClientId: identity.properties.clientId
    settings: settings
    minInstances: min(20, max(1, fewestReplicas))
    maxInstances: maxReplicas
    publicIngress: publicIngress
    allowedAddresses: allowedAddresses
    subnetId: functionsSubnetId
  }
}

@description('The app\'s name.')
output appName string = hosting == 'gpu' ? containerApp!.outputs.name : premiumApp!.outputs.name

@description('The app\'s address.')
output appUrl string = 'https://${hosting == 'gpu' ? containerApp!.outputs.hostName : premiumApp!.outputs.hostName}'
