// SPDX-License-Identifier: Apache-2.0
// Checks PowerShell scripts by their grammar: node grammar.cjs FILE...
//
// Needs web-tree-sitter and tree-sitter-powershell of npm, where node finds them (NODE_PATH):
//   npm install --ignore-scripts web-tree-sitter tree-sitter-powershell
// Ends with 77, which skips the test, where they are not there.
'use strict';
const fs = require('fs');

let sitter, grammar;
try {
  sitter = require('web-tree-sitter');
  grammar = require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');
} catch (error) {
  console.log('skipped: web-tree-sitter and tree-sitter-powershell are not where node looks (NODE_PATH)');
  process.exit(77);
}

function faults(node, found = []) {
  if (node.isError || node.isMissing) {
    const at = node.startPosition;
    found.push(`${at.row + 1}:${at.column + 1}: ${node.isMissing ? 'missing ' + node.type : JSON.stringify(node.text.slice(0, 60))}`);
  }
  for (const child of node.children) if (child && child.hasError) faults(child, found);
  for (const child of node.children) if (child && child.isMissing) faults(child, found);
  return found;
}

(async () => {
  await sitter.Parser.init();
  const parser = new sitter.Parser();
  parser.setLanguage(await sitter.Language.load(grammar));
  const check = (text) => faults(parser.parse(text).rootNode);

  // A check that finds nothing in these finds nothing at all.
  for (const broken of ['try{$x=1}cat{}', 'if($x -eq 1){', "$x='a\n", 'function f{ (1 }']) {
    if (check(broken).length === 0) {
      console.log('nothing was found in: ' + broken);
      process.exit(1);
    }
  }
  let wrong = 0;
  for (const file of process.argv.slice(2)) {
    for (const fault of check(fs.readFileSync(file, 'latin1'))) {
      console.log(`${file}:${fault}`);
      ++wrong;
    }
  }
  console.log(`${process.argv.length - 2} scripts, ${wrong} faults`);
  process.exit(wrong === 0 && process.argv.length > 2 ? 0 : 1);
})();
