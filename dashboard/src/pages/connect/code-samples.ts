import { writeProxy, type ProxyParts } from './proxy-formats.ts';

/** A program that sends a first request. */
interface Sample {
  readonly title: string;
  /** What has to be installed, if anything. */
  readonly needs?: string;
  readonly code: (parts: ProxyParts, target: string) => string;
}

/** How the usual clients take a proxy. */
export const samples = {
  curl: {
    title: 'curl',
    code: ({ host, port, username, password }, target) =>
      `curl --proxy http://${host}:${port} \\
  --proxy-user '${username}:${password}' \\
  ${target}`,
  },
  python: {
    title: 'Python',
    needs: 'pip install requests',
    code: (parts, target) =>
      `import requests

proxy = "${writeProxy(parts, 'url')}"
reply = requests.get("${target}", proxies={"http": proxy, "https": proxy}, timeout=30)
print(reply.status_code, reply.text)`,
  },
  node: {
    title: 'Node',
    needs: 'npm install undici',
    code: (parts, target) =>
      `import { fetch, ProxyAgent } from 'undici';

const dispatcher = new ProxyAgent('${writeProxy(parts, 'url')}');
const reply = await fetch('${target}', { dispatcher });
console.log(reply.status, await reply.text());`,
  },
  go: {
    title: 'Go',
    code: (parts, target) =>
      `package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
)

func main() {
	proxy, err := url.Parse("${writeProxy(parts, 'url')}")
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	reply, err := client.Get("${target}")
	if err != nil {
		panic(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(reply.Status, string(body))
}`,
  },
  playwright: {
    title: 'Playwright',
    needs: 'npm install playwright',
    code: ({ host, port, username, password }, target) =>
      `import { chromium } from 'playwright';

const browser = await chromium.launch({
  proxy: {
    server: 'http://${host}:${port}',
    username: '${username}',
    password: '${password}',
  },
});
const page = await browser.newPage();
await page.goto('${target}');
console.log(await page.textContent('body'));
await browser.close();`,
  },
  scrapy: {
    title: 'Scrapy',
    needs: 'pip install scrapy',
    code: (parts, target) =>
      `import scrapy


class FirstSpider(scrapy.Spider):
    name = "first"

    def start_requests(self):
        proxy = "${writeProxy(parts, 'url')}"
        yield scrapy.Request("${target}", meta={"proxy": proxy})

    def parse(self, response):
        yield {"status": response.status, "body": response.text}`,
  },
} as const satisfies Readonly<Record<string, Sample>>;

export type SampleName = keyof typeof samples;
