#include "http/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/server_fixture_for_test.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SessionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.max_body_bytes = 10'000; }
};

const std::string kGetPage = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(SessionTest, AnswersAnExecutionWithTheEnvelopeAndItsHeaders) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "echo", "args": [1]})", "X-Request-Id: my-1\r\n"));
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->version, "HTTP/1.1");
  EXPECT_THAT(response->body, StartsWith(R"({"result":[1],"stdout":"")"));
  EXPECT_EQ(response->headers.at("content-type"), "application/json");
  EXPECT_EQ(response->headers.at("x-request-id"), "my-1");
  EXPECT_EQ(response->headers.at("cache-control"), "no-store");
  EXPECT_EQ(response->headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(response->headers.at("server"), "cellblock");
}

TEST_F(SessionTest, KeepsTheConnectionOpen) {
  RawClient peer = client();
  for (int i = 0; i < 3; ++i) {
    peer.send(execute_request(R"({"script": "echo", "args": [)" + std::to_string(i) + "]}"));
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, HasSubstr("[" + std::to_string(i) + "]"));
  }
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrder) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 250\nresult 1"})") + kGetPage +
            execute_request(R"({"script": "result 2"})"));
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":1,)"));
  EXPECT_EQ(peer.receive()->body, R"({"status":"ok"})");
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":2,)"));
}

TEST_F(SessionTest, ClosesAfterAnHttp10Request) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.0\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->version, "HTTP/1.0");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, KeepsAnHttp10ConnectionThatAsksForIt) {
  RawClient peer = client();
  for (int i = 0; i < 2; ++i) {
    peer.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->headers.at("connection"), "keep-alive");
  }
}

TEST_F(SessionTest, ClosesWhenTheClientAsksForIt) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receive()->headers.at("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, AnswersHeadWithTheHeaderAlone) {
  RawClient peer = client();
  peer.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + kGetPage);
  const auto head = peer.receive(false);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->headers.at("content-length"), "15");
  EXPECT_EQ(peer.receive()->body, R"({"status":"ok"})");
}

TEST_F(SessionTest, TakesChunkedBodies) {
  RawClient peer = client();
  peer.send(
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "b\r\n{\"script\": \r\n");
  peer.send("a;x=y\r\n\"result 7\"\r\n1\r\n}\r\n0\r\n\r\n");
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":7,)"));
}

TEST_F(SessionTest, TellsAWaitingClientToGoOn) {
  RawClient peer = client();
  const std::string body = R"({"script": "result 8"})";
  std::string request = execute_request(body, "Expect: 100-continue\r\n");
  peer.send(request.substr(0, request.size() - body.size()));
  EXPECT_EQ(peer.receive(false)->status, 100);
  peer.send(body);
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":8,)"));
}

TEST_F(SessionTest, TakesABodyOfExactlyTheLimit) {
  RawClient peer = client();
  std::string body = R"({"script": "result 9"})";
  body.append(10'000 - body.size(), ' ');
  peer.send(execute_request(body));
  EXPECT_EQ(peer.receive()->status, 200);
}

TEST_F(SessionTest, RefusesATooLargeBodyBeforeReadingIt) {
  RawClient peer = client();
  peer.send(
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 10001\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(response->body,
            R"({"error":"Request body is larger than 10000 bytes","status":"invalid_request"})");
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(SessionTest, RefusesAChunkedBodyThatGrowsTooLarge) {
  RawClient peer = client();
  std::string request =
      "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) request += "3e8\r\n" + std::string(1000, ' ') + "\r\n";
  peer.send(request);
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
}

TEST_F(SessionTest, GetsTheAnswerThroughToAClientThatKeepsSending) {
  RawClient peer = client();
  const std::string body(4U << 20U, ' ');
  peer.send_all_it_takes(execute_request(body));
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
}

TEST_F(SessionTest, RefusesMalformedRequestsAndCloses) {
  for (const std::string& request :
       {std::string("hello\r\n\r\n"), std::string("GET /healthz\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"), std::string("GET  HTTP/1.1\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n"),
        std::string("POST /execute HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    RawClient peer = client();
    peer.send(request);
    const auto response = peer.receive();
    ASSERT_TRUE(response) << request;
    EXPECT_EQ(response->status, 400) << request;
    EXPECT_THAT(response->body, HasSubstr(R"("status":"invalid_request")"));
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_EQ(response->headers.at("x-request-id").size(), 32U);
    EXPECT_TRUE(peer.closed_by_peer()) << request;
  }
}

TEST_F(SessionTest, TellsWhatIsWrongWithAFirstLine) {
  const std::string huge(20'000, 'a');
  for (const auto& [line, status] :
       {std::pair{"GET /" + huge + " HTTP/1.1", 414}, std::pair{"GET /" + huge, 414},
        std::pair{std::string("PRI * HTTP/2.0"), 505}, std::pair{std::string("GET / HTTP/1.2"), 505},
        std::pair{std::string("GET / HTTP/1.1 x"), 400}}) {
    RawClient peer = client();
    peer.send(line + "\r\nHost: x\r\n\r\n");
    const auto response = peer.receive();
    ASSERT_TRUE(response) << line;
    EXPECT_EQ(response->status, status) << line.substr(0, 100);
  }
}

TEST_F(SessionTest, AnswersARequestThatEndsTooEarly) {
  RawClient peer = client();
  peer.send("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  peer.close_sending();
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_THAT(response->body, HasSubstr("ends too early"));
}

TEST_F(SessionTest, ReadsTheBodyOfARequestThatNeedsNoneOnlyIfItIsSmall) {
  const auto with_body = [](const std::string& line, std::size_t size) {
    return line + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  RawClient peer = client();
  peer.send(with_body("GET /healthz", 1000) + std::string(1000, 'x') + with_body("POST /nowhere", 1000) +
            std::string(1000, 'x') + kGetPage);
  EXPECT_EQ(peer.receive()->status, 200);
  EXPECT_EQ(peer.receive()->status, 404);
  EXPECT_EQ(peer.receive()->status, 200);
  peer.send(with_body("GET /healthz", 100'000));
  EXPECT_EQ(peer.receive()->status, 413);
  RawClient other = client();
  other.send(with_body("POST /nowhere", 100'000));
  EXPECT_EQ(other.receive()->status, 404);
  EXPECT_TRUE(other.closed_by_peer());
}

TEST_F(SessionTest, RefusesAHeaderThatGrowsTooLarge) {
  RawClient peer = client();
  peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(20'000, 'a') + "\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 431);
}

TEST_F(SessionTest, KeepsTheConnectionAfterAFaultThatLeavesNothingUnread) {
  RawClient peer = client();
  peer.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(peer.receive()->status, 404);
  peer.send("GET /execute HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto response = peer.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 405);
  EXPECT_EQ(response->headers.at("allow"), "POST");
  peer.send(execute_request("{}"));
  EXPECT_EQ(peer.receive()->status, 400);
  peer.send(kGetPage);
  EXPECT_EQ(peer.receive()->status, 200);
}

TEST_F(SessionTest, WantsJsonBeforeItLooksAtTheBody) {
  for (const std::string header : {"", "Content-Type: text/plain\r\n"}) {
    RawClient peer = client();
    peer.send("POST /execute HTTP/1.1\r\nHost: x\r\n" + header + "Content-Length: 2\r\n\r\n??");
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 400);
    EXPECT_THAT(response->body, HasSubstr(R"("error":"Content-Type must be application/json")"));
  }
}

class PoorSessionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.budget = budget_; }

  const std::shared_ptr<base::ByteBudget> budget_ = std::make_shared<base::ByteBudget>(4U << 20U);
  const std::string body_of_a_megabyte_ =
      R"({"script": "result 1", "stdin": ")" + std::string(1U << 20U, 'x') + "\"}";
};

TEST_F(PoorSessionTest, RefusesWhatItHasNoRoomForBeforeItIsSentAndServesTheSmall) {
  RawClient holder = client();
  const std::string held = execute_request(body_of_a_megabyte_);
  holder.send(held.substr(0, held.size() - 1));
  ASSERT_TRUE(becomes([this] { return budget_->used() >= 1U << 20U; }));

  RawClient announcing = client();
  announcing.send(
      "POST /execute HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1200000\r\n\r\n");
  const auto refused = announcing.receive();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->headers.count("retry-after"), 1U);
  EXPECT_EQ(refused->body,
            R"({"error":"No memory is left for a request of this size","status":"overloaded"})");

  RawClient growing = client();
  growing.send("POST /execute HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n124f80\r\n");
  growing.send_all_it_takes(std::string(1'200'000, 'x'));
  EXPECT_EQ(growing.receive()->status, 503);

  RawClient small = client();
  small.send(execute_request(R"({"script": "result 2"})"));
  EXPECT_THAT(small.receive()->body, StartsWith(R"({"result":2,)"));
}

TEST_F(PoorSessionTest, RefusesWhatItCannotParseWithinTheBudget) {
  RawClient peer = client();
  peer.send(execute_request(body_of_a_megabyte_));
  EXPECT_EQ(peer.receive()->status, 503);
  EXPECT_TRUE(becomes([this] { return budget_->used() == 0; }));
}

TEST_F(PoorSessionTest, RefusesAnAnswerThatThereIsNoRoomFor) {
  ASSERT_TRUE(budget_->take(4U << 20U, base::ByteBudget::Use::kAnswer));
  RawClient peer = client();
  // The message comes twice, in `error` and in `exception`.
  for (const auto& [size, status] :
       {std::pair{20'000, 400}, std::pair{40'000, 503}, std::pair{20'000, 400}}) {
    const std::string message(static_cast<std::size_t>(size), 'x');
    peer.send(execute_request(R"({"script": "claim exception Odd: )" + message + R"("})"));
    EXPECT_EQ(peer.receive()->status, status) << size;
  }
}

class HurriedSessionTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override {
    options.header_timeout = std::chrono::milliseconds(100);
    options.idle_timeout = std::chrono::milliseconds(100);
    options.stall_timeout = std::chrono::milliseconds(100);
  }
};

TEST_F(HurriedSessionTest, ClosesAnIdleConnection) {
  RawClient peer = client();
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(HurriedSessionTest, Answers408WhenAHeaderOrBodyDoesNotComeToItsEnd) {
  for (const char* begin :
       {"GET /healthz HTTP/1.1\r\n", "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
    RawClient slow = client();
    slow.send(begin);
    const auto response = slow.receive();
    ASSERT_TRUE(response) << begin;
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_TRUE(slow.closed_by_peer());
  }
}

TEST_F(HurriedSessionTest, IsNotHeldUpByAByteNowAndThen) {
  RawClient slow = client();
  slow.send("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
  std::thread trickle([&slow] {
    for (int i = 0; i < 100; ++i) {
      slow.send_all_it_takes("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(slow.receive()->status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  trickle.join();
}

TEST_F(HurriedSessionTest, LetsAnExecutionTakeLongerThanAnyDeadline) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 600\nresult 1"})"));
  EXPECT_THAT(peer.receive()->body, StartsWith(R"({"result":1,)"));
}

class DeafClientTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.stall_timeout = std::chrono::milliseconds(500); }
};

TEST_F(DeafClientTest, IsCutOff) {
  RawClient deaf = client();
  deaf.send(execute_request(R"({"script": "echo", "args": [")" + std::string(12U << 20U, 'x') + R"("]})"));
  EXPECT_TRUE(becomes([this] { return server_->connections() == 0; }));
}

class ToldTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override {
    options.answered = [this](const Answered& answered) {
      const std::lock_guard lock(mutex_);
      told_.push_back(std::string(answered.route) + " " + std::to_string(answered.code) + " " +
                      std::string(answered.reason) + " " + std::string(answered.request_id) +
                      (answered.client.starts_with("127.0.0.1:") ? " client" : "") +
                      (answered.id.empty() ? "" : " id"));
    };
    options.served = [this](const Served& served) {
      const std::lock_guard lock(mutex_);
      served_.push_back(std::string(served.method) + " " + std::string(served.path) + " " +
                        std::to_string(served.code) + " " + std::to_string(served.bytes_in) + " " +
                        std::to_string(served.bytes_out) + " " + std::string(served.request_id) +
                        (served.client.starts_with("127.0.0.1:") ? " client" : ""));
    };
  }

  // Before what is told to: a request is over when its client has long had the answer.
  void TearDown() override { server_.reset(); }

  // What was told of the request that was over last.
  std::string served() {
    std::string last;
    EXPECT_TRUE(becomes([&] {
      const std::lock_guard lock(mutex_);
      if (!served_.empty()) last = served_.back();
      served_.clear();
      return !last.empty();
    }));
    return last;
  }

  // What was told of one request.
  std::vector<std::string> told_of(const std::string& request) {
    RawClient peer = client();
    peer.send(request);
    EXPECT_TRUE(peer.receive());
    const std::lock_guard lock(mutex_);
    return std::exchange(told_, {});
  }

  std::mutex mutex_;
  std::vector<std::string> told_;    // guarded by mutex_
  std::vector<std::string> served_;  // likewise
};

TEST_F(ToldTest, EachAnswerIsToldOnceAndARefusalWithItsReason) {
  using ::testing::ElementsAre;
  const std::string id = "X-Request-Id: r1\r\n";
  EXPECT_THAT(told_of(execute_request(R"({"script": "echo"})", id)),
              ElementsAre("/execute 200  r1 client id"));
  EXPECT_THAT(told_of(execute_request(R"({"script": 1})", id)),
              ElementsAre("/execute 400 invalid_request r1 client id"));
  EXPECT_THAT(told_of("GET /nowhere HTTP/1.1\r\nHost: x\r\n" + id + "\r\n"),
              ElementsAre("other 404 not_found r1 client"));
  EXPECT_THAT(told_of("GET /readyz HTTP/1.1\r\nHost: x\r\n" + id + "\r\n"),
              ElementsAre("/readyz 200  r1 client"));
  EXPECT_THAT(told_of("GET / HTTP/9.9\r\n\r\n").size(), 1U);
}

TEST_F(ToldTest, AStreamIsAnAnswerToo) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "echo"})", "Accept: application/x-ndjson\r\nX-Request-Id: r2\r\n"));
  static_cast<void>(peer.receive_until("0\r\n\r\n"));
  EXPECT_TRUE(becomes([this] {
    const std::lock_guard lock(mutex_);
    return told_ == std::vector<std::string>{"/execute 200  r2 client"};
  }));
}

TEST_F(ToldTest, EachRequestIsToldWhenItIsOverWithItsBytes) {
  RawClient peer = client();
  const std::string first = "GET /healthz?secret=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: r3\r\n\r\n";
  peer.send(first);
  const auto answer = peer.receive();
  ASSERT_TRUE(answer);
  EXPECT_THAT(served(), ::testing::MatchesRegex("GET /healthz 200 " + std::to_string(first.size()) +
                                                " [0-9]+ r3 client"));
  const std::string second = execute_request(R"({"script": 1})", "X-Request-Id: r4\r\n");
  // What comes with it is counted with the next.
  peer.send(second + "GET /nothing");
  ASSERT_TRUE(peer.receive());
  EXPECT_THAT(served(), ::testing::StartsWith("POST /execute 400 " + std::to_string(second.size()) + " "));
}

TEST_F(ToldTest, ARequestWhoseClientLeavesHasNoCode) {
  RawClient peer = client();
  peer.send(execute_request(R"({"script": "sleep 5000"})", "X-Request-Id: r5\r\n"));
  ASSERT_TRUE(running_becomes(1));
  peer.reset();
  EXPECT_THAT(served(), ::testing::MatchesRegex("POST /execute 0 [0-9]+ 0 r5 client"));
}

class CountedTest : public ServerFixture {
 protected:
  void adjust(ServerOptions& options) override { options.max_requests = 3; }
};

TEST_F(CountedTest, TheLastRequestOfAConnectionIsAnsweredAndClosesIt) {
  RawClient peer = client();
  for (int i = 1; i <= 3; ++i) {
    peer.send(kGetPage);
    const auto answer = peer.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.count("connection"), i < 3 ? 0U : 1U);
  }
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(CountedTest, AStreamMayBeTheLastToo) {
  RawClient peer = client();
  peer.send(kGetPage + kGetPage +
            execute_request(R"({"script": "echo"})", "Accept: application/x-ndjson\r\n"));
  ASSERT_TRUE(peer.receive());
  ASSERT_TRUE(peer.receive());
  EXPECT_THAT(peer.receive_until("\r\n\r\n"), HasSubstr("Connection: close"));
  static_cast<void>(peer.receive_until("0\r\n\r\n"));
  EXPECT_TRUE(peer.closed_by_peer());
}

}  // namespace
}  // namespace cellblock::http
