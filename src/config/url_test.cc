#include "config/url.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(UrlTest, ParsesHostAndPort) {
  const auto url = ParseUrl(" HTTPS://example.com:2379 ");
  ASSERT_TRUE(url.ok()) << url.status().ToString();
  EXPECT_EQ(*url, (Url{"https", "example.com", 2379, ""}));
  EXPECT_TRUE(url->secure());
  EXPECT_EQ(url->ToString(), "https://example.com:2379");
}

TEST(UrlTest, KeepsTheBracketsOfIpv6AddressesInTheTextAlone) {
  const auto url = ParseUrl("http://[::1]:2380");
  ASSERT_TRUE(url.ok()) << url.status().ToString();
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->ToString(), "http://[::1]:2380");
}

TEST(UrlTest, SocketsInTheFileSystemHaveAPath) {
  for (const char* text :
       {"unix:///run/etcd.sock", "unixs://localhost:1234", "unix://relative", "unix:///a@b:1"}) {
    const auto url = ParseUrl(text);
    ASSERT_TRUE(url.ok()) << url.status().ToString();
    EXPECT_TRUE(url->is_unix());
    EXPECT_EQ(url->ToString(), text);
  }
}

TEST(UrlTest, RefusesWithTheTextsOfEtcd) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"", "URL scheme must be http, https, unix, or unixs: "},
      {"localhost:2379", "URL scheme must be http, https, unix, or unixs: localhost:2379"},
      {"ftp://a:1", "URL scheme must be http, https, unix, or unixs: ftp://a:1"},
      {"127.0.0.1:2379",
       "parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon"},
      {"://a:1", "parse \"://a:1\": missing protocol scheme"},
      {"http://localhost", "URL address does not have the form \"host:port\": http://localhost"},
      {"http://::1:2379", "URL address does not have the form \"host:port\": http://::1:2379"},
      {"http:", "URL address does not have the form \"host:port\": http:"},
      {"http://a:1/path", "URL must not contain a path: http://a:1/path"},
      {"http://a:1/", "URL must not contain a path: http://a:1/"},
      {"http://a:b", "parse \"http://a:b\": invalid port \":b\" after host"},
      {"http://a:65536", "parse \"http://a:65536\": invalid port \":65536\" after host"},
      {"http://[::1", "parse \"http://[::1\": missing ']' in host"},
      {"http://[name]:1",
       "parse \"http://[name]:1\": invalid host: ParseAddr(\"name\"): unable to parse IP"},
      {"http://a[:1", "parse \"http://a[:1\": invalid character \"[\" in host name"},
      {"http://a b:1", "parse \"http://a b:1\": invalid character \" \" in host name"},
      {"unix://@abs:1", "URL of a socket must be a path alone: unix://@abs:1"},
      {"unix:///a?b", "URL of a socket must be a path alone: unix:///a?b"},
      {"unixs:///a#b", "URL of a socket must be a path alone: unixs:///a#b"},
      {"http://a\x01:1", "parse \"http://a\\x01:1\": net/url: invalid control character in URL"}};
  for (const auto& [text, error] : kRefused) {
    EXPECT_EQ(ParseUrl(text).status().message(), error);
  }
}

TEST(UrlTest, ListsAreSortedAndHoldEachOnce) {
  const auto urls = ParseUrls("http://b:1,http://a:1,http://b:1");
  ASSERT_TRUE(urls.ok()) << urls.status().ToString();
  EXPECT_EQ(JoinUrls(*urls), "http://a:1,http://b:1");
  EXPECT_FALSE(ParseUrls("http://a:1,").ok());
}

TEST(UrlTest, InitialClusterGathersTheUrlsOfAMember) {
  const auto cluster = ParseInitialCluster("one=http://a:1,two=http://b:1,,one=http://a:2");
  ASSERT_TRUE(cluster.ok()) << cluster.status().ToString();
  ASSERT_EQ(cluster->size(), 2u);
  EXPECT_EQ(JoinUrls(cluster->at("one")), "http://a:1,http://a:2");
  EXPECT_EQ(JoinUrls(cluster->at("two")), "http://b:1");
  EXPECT_EQ(JoinInitialCluster(*ParseInitialCluster("b=HTTP://z:1,b=http://y:1,a=http://x:1")),
            "a=http://x:1,b=http://y:1,b=http://z:1");
}

TEST(UrlTest, InitialClusterRefusesAMemberWithoutUrl) {
  EXPECT_EQ(ParseInitialCluster("one").status().message(),
            "URL scheme must be http, https, unix, or unixs: ");
}

}  // namespace
}  // namespace config
