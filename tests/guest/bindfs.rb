# SPDX-License-Identifier: GPL-2.0-only
# Loaded before bindfs's test_bindfs.rb, which ends at the first test that fails: each
# test is a process of its own here, and has a line "=== NAME RESULT". ONLY names one.
$LOAD_PATH << '.'
require 'common.rb'

alias one_testenv testenv
$stdout.sync = true
$names = Hash.new(0)

def testenv(arguments, options = {}, &block)
    name = (options[:title] || arguments).gsub(%r{/tmp/[\w-]+}, 'file').gsub(/[^\w.,=+@:-]+/, '_')
    name = 'plain' if name.empty?
    $names[name] += 1
    name += ".#{$names[name]}" if $names[name] > 1
    return if ENV['ONLY'] && ENV['ONLY'] != name
    child = Process.fork do
        one_testenv(arguments, options, &block)
        exit! 0
    end
    Process.wait child
    passed = $?.success?
    system("pkill -9 -x bindfs; umount -l #{TESTDIR_NAME}/mnt 2>/dev/null; rm -rf #{TESTDIR_NAME}") unless passed
    puts "=== #{name} #{passed ? 'PASSED' : 'FAILED'}"
end
