#pragma once

#include <string_view>

// Files of torch.save (PyTorch 2.13), in base 64 of gzip. kZip and kJoined (inside a checkpoint)
// hold, in the new and in the old format, the state dict of BatchNorm1d(2) and base =
// arange(6).view(2, 3), view = base.t()[1:], param = [1.5, -2], half = [0.5, 2], bf16 = [3, -1],
// bool = [1, 0, 1], u8 = [250], f8 = [1, 2] (e4m3fn), u16 = [65535], c64 = [1+2i], empty (0, 3),
// f64 = 0.1.
namespace ranklens::testing {

inline constexpr std::string_view kZip =
    "H4sIAAAAAAACA8VYS3BTVRg+Sdq0BGja8mgBRcRXiyXk1Tyg0BIwokFpb0VDfcTb5Ka5kEf/5CSlaLUKLeCLp7xE"
    "x4U6jlsXjitZOI4LNzrjzhmYceG4YuO4cFPPuec2veeENpAsOJObNMn5Hue/5/z/nw5GLA0INTejitGK2pGcj6fU"
    "krItIWPZMX4kHQ61oBFuTJvj8Vw6rcSxmssWbAfyCSWvJPaqcWwD1C2BqStqJWQTijqWwmCO4xyhdMSKWE0XbLG8"
    "MlpU04kYVrKFXD5WctvA0tUVbSKIApkpjynQwCC2cDon42H2oQ0aoyYyxwnWqIW8xseL0BQxY2geiqCIeQaWRUwz"
    "YDudog6WY1ghwcooWSYaVeUCtKSIRqohxThcYE9p2FYd20ax7Qy7CsNqCdZEV5CJ+WI2q2bHYhlFzsJajsMNHYyj"
    "U+dYRznWM44NGB6Q4MHocgNHSc7DRo7CAw8xik06xcOUYjOjeATDoxI8Fl1FJmaLmdiojOMppRDDeTl+REnA44xK"
    "j9T+XHasHKgnNHYvdBF2E4Zuwt7dzVi3YHhSgh4WGLmgwFbOUS84CMaKYZvmKGKZBWfEEjHNgovh3Rg8Eng1fElV"
    "JqB3Hp/Skb6hiIkgzbPgJ38QggBDBjFsl2BHtJEgx+W8nIG+RTaG9q2ClbwNdnLufLCLxatfj9cAjdduxh/CsEeC"
    "vae0N0+dhLAET2s2U3I6Cfu4aO0jH5Wj9YzG7YdnGXdE595PuZ9j3M9jOCDBIIta0uWDIY4upO1Tl69MKWmUARhm"
    "lC/olAcp5YuM8iUMUQkOMcpcLg0jPCX5qEz3skYXhFcInQXDq5TOMgOvUboYo3sdgyzBaNRMJhYDEOfJJrFSJkto"
    "c1xOUNjuSFI2QjRGn1KMTcVwWIIj2sxkANJVTrDHBpkFOYd+im0Hs3hyXEmUlbNM2QU5FpZxPSxAlfNMuaBbTtKI"
    "BmKKN+NJZm2AMRQlKGkHv0jiP5HSBFM6pRuOMspJfTHH6NMbjPJNnbKoZsk9ssEUhrckeJslEZ8XprlY7cllxtPK"
    "UT7zvMNkPPAui9lxXeYEfZphMrMYTkpwStvfSmYcT8Lp8ubV0F54j6ARhvcpGtGj8QE7Wx8yho8wnJHgrGYsSYyd"
    "44ztzRVH0wu38Twj7YULzNJFwyH/GMMlCS4Xp+BKdBmZRdIXlmk6h6va99eiNNfDJ1NwXUu7JSVfIJkcPo2YC4XC"
    "qGMw0tT844W+0i2yFnoNLlovOtCGcr1wJHP5jIxjOls41CGUjfJwUYHvbv9xnG5rei0usB75FwT0jRWT0+pYNqNk"
    "cTjkWUxjqeHzUgP9E/A3jaF5SQNtqL9sYJScoxwtduHQjlp050daxTitUA8zO/9cR0uldUkPLWgXV5W3OcOh7XUY"
    "QGi6n17Uwdkh6+9UsrmKgz7egSscCqDa9dmg+urNzUoN+u77rO+pT7/u+Hvv8/p769enMUAD5EGuaXJ9PkD9dJz9"
    "61wn+aKzip8e3o8vHOpCd69/g2rfoHrbe27+UsP6/XWtP4C0tX6x5dYUrf8NVbQHeO1AONRXT/oZGRiY/kFLwX2X"
    "v6lBP1ivvgmZqPy3x0+cprXOsqS8XZR3OevV/4+qn/nn8Jnq9ceOQoI6yXy76lIfGQlod//i7WubqtcfO9otGCCp"
    "b2d9BubmqD5Cc3O16Hvq1p8/+9RF6ct+B3/+0B1d7BBckATor9XFUqtdJeiQRGcXda5dpeN7LX//PPzVv9Xzh9F/"
    "uT+q2b/HRpV//WzsYPX7txG5FxoobUkFJa+SDuqYTH+9x9REOOS4RyNOv8/Z63H63T5/IBhwB4OegMvlCfgD3qDT"
    "5fe6PcFep9Pr9VCXwz9dP9BFfHRpLk3UbNmnscdsrXAu/h9CRBsbyA4O6bSixbpSkcTYBK7nSM4ZSSo6T5HH2Mi1"
    "cTztTaiygRThxi6ghYNfakJC7ydijRWcx3Y2C1jX3WOviFj33XvuXCZgPfegK2K9ItbYIQi6NgHbK2KN1Z7Hfi1i"
    "fSLWWK0F3eUC1l+xVw2VlsdeFLEBEWsskzx29QoBGxSxxiJn57AXRKyrYmMZCxQPblspgit2lrG68ODzFeCKrWUs"
    "Cjy4vUUEl/fWnesGt7cqwBWby5jO7RVcQmkQwcaMzIOjBvAimciYKDdy4N8M4Dun8MGI1dozn/AtW8vItcLroUb2"
    "erR1/geAtUkzvoa9Z71Qo5Vh1mrz2dz/AdXh5sMzFgAA";
inline constexpr std::string_view kJoined =
    "H4sIAAAAAAACA4WVWXfbRBiGJdtJGnWFspW17C5L8FZbZktoS1tQV7UFsRSh2ONIrSz5lUZpUwiEJenCvtNSoOzl"
    "J3BFfwgX3PITyuGcMqORndpVQMeeo9me95tPM+/MZU4p7j9nt15cf+j8nnVjc5mdf2VZOQspb6yRJKkT+NRv+K45"
    "TYLQ8T3IbICxkvW4DqUuMYnXdCwPmROGwhrpTIeYoXOMhMjOIpc3hlhjaPsBxZCWMbKs5ngUw1rOyHGG701hRMtF"
    "UVeTjycdv2FD1kbiMZMkpMhsG/9Tih8jw+cFyJ4akvb/kb0Yy4bUosRsOg2KXINF65IGZcGGyu6gSQLS3MJ6FAxt"
    "0DGcN4bZhCPEmbIpRhrUDxr2mBlRxw0VMyCTkeM2TUq80A/M6ZKCZfm8MRJL+IE1RTAqpihbXd+i+0SjAsVYxcbU"
    "K8VascyKSq1QqmB5vN5GJ8IKLbOLYuVeTdIy81ilyfNYfdLm8ayhuErH1WKljhVirc0U7VG7j1gqqvVavYRrbEG6"
    "NiFdx0nXC9INFOt03GisYNOCyPMcb8psE/Zpbkon1oulioqbE+ItCfFWTrxNENdT3K7jDmP5ZcRpK8CdSwHLLMS7"
    "EuDdCfAeDrxXAPMUrLzPWMumeVHbnLRowyahSQOrcZg0cb8AJxnewTZHL8EPLGpVSmqlWFLLJTzItGSmNca0NmwQ"
    "Gg9RFHQURUKtkKB0ZbSMUFZrtWoBZUYYZoRKHK2WXcBGLavJC6gKWo1C1VGPadMOOYKH/4v2SEJ7dK8mM1pmAY+x"
    "FwZ9XNDGKSZ0PBFv8o4VWG1sWmIDxr2EkkDB5lTFSrFaYBnYkmT7ySTbW3m2twm17RRP6Xj6RFzRjmOHjp3xQmzL"
    "bWFXX663s6ZerncPKKkba1XsSZT2Jko6V9onlPZTHNDxjMh5q1jFs33wTfFZKVZ7AsagQK1UwHOJwPOJwAtc4EUh"
    "cJDiJR2mEPB9Fy/3C7CmHtwazJNar2KSwbMM3uDw7DyaHE4EvEUxpcOOjSVS4fSjZyjpoQ8NoOv1chWHk03ocjSj"
    "tnnhCbRP0dGBGN1SEfyP3ZQVhIvaY4nlKAc8bqvNXhi0P4wSOwwFREn6ppP0HeFhHBVhzCSLafHvoJqk0i63PAXH"
    "KF7R8WrsUhH7arN2rG4P8gvVgorXEv7ryTLnePGG4L+Z8CPm7cWqgrco3tYxL+yvWsFCX0o3++2OS472G+jxwTVt"
    "LFRwIkntyUTzFC/eEZrvUryn431xYbQ7dAYfpB+Uco0754cMJTHURxwl8TP5sTjonwjcpxSf6fg8DrnFQv6iL+Qt"
    "fjTpLu6DLweD5cZ3Ogn2zGVm9BXFWR1fR7P4xhhlU5ghU6tpUQvfxv3nDH6l4btZfB9fMt1L9gctE4bhZLzfrWAq"
    "xI+z+MmQeQ0/H8QveU2Oa0dxflc+9pqslqP4lYT8Ij3IL9KU+0hOu1IyabdCNs3Zc2mWN5Tmy8NpVjWSdi6XpVnN"
    "aJo9KGlnb3naTl2RdjxWpn2yVWmbbnXa9llDxjJS95kb5//FuniWrovxw329vE2aYD/2n2P/cxPykvMv8LEXsklN"
    "luRelypNdN8nJuZ+7yL+7jZeutR9U3v8M6f589u4fEUs4vkXlhdV9BIKAAA=";
// A whole pickled Linear.
inline constexpr std::string_view kModule =
    "H4sIAAAAAAACA6VWXW/bVBh2nDZJ3ZJ+7KO0WwsMGOnYUjvfWVnKAsqN0dYFgSwkZBzHia26dl77uFmRioCp+xA/"
    "AbR7hHbBFRdITNo/gAuuuEDiihvgHi4457hNbKcp2jhSdOLzPs/7PD7nfU+yJcYnGCaVYkbGHLPAKI6qG7vaeltB"
    "Sra3bTbqaeaD0PiUVZGNUVnLyu7Ybc/U3KxpWJricO/4EzBrn0FsH9iMRFSQoxiWYXUhfl+axs9yT3GUHQ1pjgsT"
    "+zCZkRJ4ta8ZXR1B4jC57CHDdDnZ0VqeYbaHHA6SYyBIs1zbkXdzHKQyGSmJk7oYqXQ1mPIpXMO0FfSuv8gBJ8Uw"
    "hodpKY5ntefBjDiB4LlbIiOyInsX0niK3YXZB6pqm6amIsO2XO6m09Ycrf22oSIO5taaMI9goQmn7uvk4fQ9ONOE"
    "sxLeY6ZlKC4s6kkd+9GndF9PgOf1GZFFsER1DmBZjB3AuQeUfR7BShNW/VQv3IMXm/CSR3dRbnmdDtmyC/vwsnSO"
    "rFi2JffwkuHiV0dHANnVELyiyjLZFWRYsszhFQ5e/RAuHsBrTchIp2g+Rd3uKw7eWkeTddvedmGNyl6SZkNxP/Y6"
    "jV2WzpKY4codzzTDGLhyQ0qTaMd2AsQsJa5LyyMhuW8gXSYJui7wFCZI50dhitlX9lxZVfAZtCFHgXlpIQgcvkOB"
    "hovS6rHhkGSJQsvSPIG6SEGa3MaHepioQqNV6UwkOpS6ShEb/pvhymofD3uDwq75ZzYCs90jwRrFbfqnfdhZ8OY+"
    "XKddgw+yoynIc/BiXWSlGbxme2i4+JbIeq3slphMLd3g7Ye4pMlna2y3LzIrg27P4o3aUZC8S6rJthr1pUjTB4ZA"
    "JL7785c7pJjJZ7zEMlMeShz2Ij5No2vt4IJt1PPjVcaPUoEY2OzD7yyWYE80MM9sDgy09pBmk9Zt1DeeRfdomAZC"
    "pkY8HFz7bYlcXYkTPaSZWuhWXecb9av/w8CFvUfff1V6Uvv2n9OPVyqTj4mTz//+5Ms5eoOf7KQQdiI06vxTO/m5"
    "98UP31yq14ju1zcv1ohQ6kTdWWZjoDuosPKzbkGeI8o/Puy+99/nv8rkhgVIX9nVHANX4McKuctlo92oZ5/SCF8s"
    "CQJfKebyJaFaKvPFXLXAV4VSQSgUi7yQK1eqQr7MV4jLj/66vZbBPjLUZYyYHfgMdunciPPo73CUHWzAxRDzjzgz"
    "rq+jSYJNtBxKcmuCOaFzo3mCjTAfyvNTIM+gAaP0YPWmQ/T3J5lI70S5wQoMc3+NcoUoN1hDsyEu+UcSqdgoOXi0"
    "q+F3DpCPL7otMZG4fFSi8SsDZioyT7P+fDvpz5hHv92Z8p/923cy4XNSFO9j/wV6YP855QkAAA==";
// One whose loading by pickle would call os.system.
inline constexpr std::string_view kEvil =
    "H4sIAAAAAAACA6VUTYvTUBR9STtJjdovhMFBRsVNhLFN+pG0ig7EIZssrBWhuAmZ5NkJpk1f8trOCIIgXbhU0KV/"
    "waU/Q9y5EBQURBD8B+JL4nSSdKaDzoXkkZd77jm579x0tEwWgFwOLEQRlIHhmTv2BFYtAxuV0SNHVfLgQSKe0k8Q"
    "4HsUAUwRZWKXICr6GNuOz+ke3B7bjqVjOPRdT5/UOETzfI8lyT7JNPoQZSIIpzquge9FmxzKhgUFtNLLkNUcjRGj"
    "URixdzWgUTOUC26nnpum6zjQxLY79Lk7ngU9aG3ZJuYQd7WLTmN0povOhpV2Ud4cub69y/l7PoYDDhV6RbKP3bG5"
    "c6mKB6PqaDqEFirOUKmLyuNKR2Nzv7/d/v6RZAVX58g+rYIr8z5VHrrewMD6BHo+UaUqF1PtWggxIHr369OzQCa1"
    "lGgNyAdEf/unG47dHw7gEKtK/Tiuw0JqBAI2p+gHTSjopQJKYHMuYHsPQzdouarc+B/e/XBsjB0YaJjd/HqeISzM"
    "Ug15cCvhyqqgKtdPIACEbGzuwuety4QSZJeyF2IdmJ/xib6/zgXsH9707x/f/3VQOzBA+PE+9GzigMdGMAO6balK"
    "5R/FiE251hLb7aYotpoNqVEXapIg1wSxITTaTVmS27LUrEutQOXbV19+8kQHH6qkArFznfFZKS4oT/9H0uj4AKwm"
    "kDwFjpqudJG4idcSRV7EiyxMTrpO3IilRJ0yDRYHIA2POymfgL+mQcq7aWzcB4UE9lwGpJ2XBsePZz0BfhkDH26c"
    "jsYwG/s2y1ybI9nU+p6K1lY2WgkufMUy0XP0B1thIgwb5ke5fwAWXg+taQYAAA==";
// A TorchScript program.
inline constexpr std::string_view kScript =
    "H4sIAAAAAAACAwvwZmZhYODgYMAAAgxCDIlFyRmZZan6KYkliXoF2TluTnwMUSiggSk5Pr4kH6guPl4PTOvl5enl"
    "5qeU5qQW6yUml2SWJZZk5udxBaX6hHIVMmg21mpEgGwrKUrMzMvMSy9k7IgQA/LjM4vj00pzcuKTEpOzyxOLUuIz"
    "8vOzC5n8SpMKmfUCvNk5HDolnqcDVYJwANDZIkBnY7rblMEM7uzk/JRUfbjz9MG0fl6ePtR5+gjn6RVUujkZofmN"
    "GJDbb+jPbMjT+v0fV3/5JUHD+SzJ6gkOqatWnZhenBFy3dKSs6PeXyhCq9Try7z733OOzxDac/n08Q9S1w+ZnLNm"
    "yDYP2ROk5nvtkLCMf2xs13fzoDAeoSfCaRFJT8xEJn1tvan3Qu/+itW2xytW/osWsfqTE5LelNPTt2oHf1NNzsVg"
    "13cTgz+Hf3qweNuXCR1/Y1YXh5Rvu/bleseM7HhzyRLLmkS+QB/r5FU/7wV84mGfJFLa0v78//s7sb8jTr9TqBW8"
    "7nDCrfP0Bc3L96OEe2xXT+n2cn1TxwgK6YlzuMovAsPSmhFfSNszOJEX0nopqUml6fHg9GRHRpgjA9++8/7NBiLH"
    "uW//afzHKOej0s0+bce11O2qs84ceRkU2KxSZNjiONFKZ4rYNFW5PYUX7A/UX16t3nhm53Sz9evvv3++9/s6K3aG"
    "hpNzU/tyvxdmxe/m32a6d2/R249Hz6qytwWfbNA+lzn1ixaT0KvESbp7dAxYOg8Lz91kMl35rpqPSqT/+/nr5yn3"
    "rj73j2v14ttvs/Y8lcmtibQU3tVzIt7b9mtLg1S+9WHecLeUeYa1TMZCz92M10tKV9tZrp7esHrR8o99xfETMyam"
    "FG+ZoLHEUJBDrEVUY5nxFL3UKRsUZXgmLJj0Jfj8/OrzU13VZsorHruQLfTE9PHPSWLzlnA2v5yU77kvN+GBudkP"
    "J9WS4FfnkxedLZJi10s1WuaUVXO8wqhji8GBBU92+646Xx7CHXFQKy90e69j7qsH/ZOydxzIVw3z+iO8lvFzQOe1"
    "psoY8fk/Vh/JyvxmNnXfp/Me+8IPxYMSwU6W69vDgAngEjQRYC8ldBn4CSaCtNK8ZFDUJ+aAsxk3cpSnpKYpFKXm"
    "lGpk5hWUllgphKTmFecX6XApAAFQKCcxOdVKISk/P8fWLTGnOFVTQdcOqsYKqCYzDa4IrKMotbg0p0TBVgFSEoEM"
    "joeYrAmUTwUagFMdQllRaklpUR5UDRcoKFR0Tn5aCPTsQrwljzmDFWlBgZwPzMjMB7UTvfMvOwgcf7tnVp78lGnM"
    "x0MfPPDoXds123Vik0vmVlOPzIDvTTHHJR+r3t56Pc78FGvVZ1E75nS/GkU7rtlHPOXZw7R709LrPv94n9trZ87z"
    "+MnjA6/5/57e/HBlvaHMnNqK9/y/88/f9zy8yCrHY/KuWz2KhyQ/HEpS0p3S3a7wScX6yK2njhx6cqqcx4//UHlg"
    "WVL43nfqQ6XIxbaxDK8nl1rN3a2U/eOHYUvK3FmzHDc5/ha97R98TuG4Fputx4qIIwk9lsICKTsEfB6uEPhlKShh"
    "EdMcsFfz9MFj4gweZitjrxY6yz3ZWf3VVzVS4rbTDWaL/yWti1UOX/dkq+DRSrDZPjHnYhnry50T7ywIe7qJ47jj"
    "O32tH6u31Sk25WyLWbv6el7weq/4NXyrTrQcOzLjsPKlWdlFHdqhu7hj350Ovqk3aXbJ+7yWqV88lH59cly954HX"
    "/6NFhysL90txn9TtWhVyYVZ22ex9P+x3u5W/+PdKfvppnckT7yxdbvXAZ3LOI5+pwoZ8O5PvN+wotJC2fOlztLMi"
    "VV7W0jL4gndzgVDNRc1uuT6Bc14dDbdf+tgFFp1Xctsh81A7eNv8TQWHGHu5jh23E+7aHPO9Nqt2mwNvh2NP0Dv9"
    "M3/29T1nTJoktXIyW+YksZsKuZs8BW4q3U5plyjOuP77ttbTRnff9/2Rk6o89R4zrzfYG/3W1OvQo98b39/6nVq1"
    "f+t1nZP97Bvnf9y1fdJ5r9/yoER75vOO52JMDAyRzPjyryiDOlKizSsuScwrKYZU9crEJMkGJk1w5ZyrzxkOtIKB"
    "hQGfbfzASgNmW1lqUTEwJ7g5WVNSBRiDM+jFeemhQK8yMOG1XRDJ9qTKktT8opTUIgrtz8ksKclJBbmh1faxJBvQ"
    "Fja8bpBj0IO7QQ/UrNIvTi3KTMzJrALXjvGZKW5OWiQ4yMDcwNTCwMzc3NzQ1MLY3MLC1MTMwMTI3NjS0NzSwMLC"
    "zMjI0NLSzBTkwhC33ckaQDdogF3ICAosuBuRG1cCGK5GbwdCdCOKQeQGgymKzu1IuklqJKBbgVwd2aNYocjEQGk7"
    "BD00kAt8XRTL1FgYSCvk0f2BnC3NUYw2ZGUgt/5Adz9ybhRFseQZOwP2/I5uBHKW4kcxIoSDAT0To2tGzguCKJov"
    "IWmG50F07cgJVQ5FexgnA4HsE+DNxqYDy2zMiMjjRKNvMkHoH1ABoD52sL95IHxGsBgrG0QPJ1g9RC0AkzHTLzMN"
    "AAA=";

}  // namespace ranklens::testing
