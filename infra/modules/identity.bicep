metadata description = 'The identity that the app works under. Nothing here has a key.'

@description('The identity\'s name.')
param name string

@description('The region.')
param location string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The identity\'s name.')
output name string = identity.name
